//! Writes a batch of rows of one kind in one transaction. A row that is there with the same content is left alone, so
//! that a batch may be written any number of times.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use diesel::sql_types::Text;
use serde_json::Value;

use super::{
    dialect::Dialect,
    stored::{Stored, find},
};
use crate::{
    chat::Result,
    db::{
        Db,
        error::{KEPT_OUT, refers_to_nothing},
        in_transaction,
    },
};

/// The outcome of a batch.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) added: u64,
    pub(super) same: u64,
    pub(super) replaced: u64,
    /// Rows, by their places in the batch, that were not stored as they are, and why.
    pub(super) conflicts: Vec<(usize, &'static str)>,
}

/// How a batch is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// A row that is there with other content stays.
    Keep,
    /// A row that is there with other content is overwritten.
    Overwrite,
}

const IS_OTHER: &str = "the database has it with other content, which was kept";
const IS_TAKEN: &str = "another row of the database has one of its unique values";
const IS_NOT_STORED: &str =
    "another row of the database has one of its unique values, or a rule of the database keeps it out";

struct Statements {
    find: String,
    insert: String,
    update: Option<String>,
}

/// Rows of the database by their keys.
type Found<T> = HashMap<<T as Stored>::Key, T>;

fn by_key<T: Stored>(rows: Vec<T::Row>, dialect: &Dialect) -> Found<T> {
    rows.into_iter().map(|row| T::from_row(row, dialect)).map(|row| (row.key(), row)).collect()
}

fn keys<'a, T: Stored>(rows: impl IntoIterator<Item = &'a T>) -> String {
    Value::from_iter(rows.into_iter().map(T::key_document)).to_string()
}

fn document<'a, T: Stored>(rows: impl IntoIterator<Item = &'a T>, dialect: &Dialect) -> String {
    Value::from_iter(rows.into_iter().map(|row| row.document(dialect))).to_string()
}

/// Writes the rows. Their keys differ. `rehearsal` is set when all is done but the commit, and nothing is stored.
pub(super) async fn write<T: Stored>(
    db: &Db,
    dialect: &Dialect,
    rows: Arc<[T]>,
    mode: Mode,
    rehearsal: Option<Arc<AtomicBool>>,
) -> Result<Written> {
    let dialect = dialect.clone();
    let text = |sql: &str| dialect.write(T::TABLE, T::FIELDS, sql);
    let statements = Statements {
        find: dialect.write(T::TABLE, T::KEY_FIELDS, &find::<T>()),
        insert: text(T::INSERT),
        update: T::UPDATE.filter(|_| mode == Mode::Overwrite).map(text),
    };
    in_transaction!($ db write, c => {
        macro_rules! find {
            ($rows:expr) => {{
                let query = diesel::sql_query(&statements.find).bind::<Text, _>(keys($rows));
                let found: Vec<T::Row> = run!(c.load(query));
                by_key::<T>(found, &dialect)
            }};
        }
        macro_rules! execute {
            ($sql:expr, $rows:expr) => {{
                let query = diesel::sql_query($sql).bind::<Text, _>(document($rows, &dialect));
                run!(c.execute(query));
            }};
        }
        let mut written = Written::default();
        let found = find!(rows.iter());
        let mut absent = Vec::new();
        let mut others = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            match found.get(&row.key()) {
                None => absent.push((place, row)),
                Some(there) if row.is_same(there, &dialect) => written.same += 1,
                Some(_) => others.push((place, row)),
            }
        }
        if !absent.is_empty() {
            execute!(&statements.insert, absent.iter().map(|(_, row)| *row));
            let mut stored = find!(absent.iter().map(|(_, row)| *row));
            let is_lost = |(_, row): &&(usize, &T)| !stored.contains_key(&row.key());
            let fallbacks: Vec<T> = absent.iter().filter(is_lost).filter_map(|(_, row)| row.fallback()).collect();
            if !fallbacks.is_empty() {
                execute!(&statements.insert, fallbacks.iter());
                stored.extend(find!(fallbacks.iter()));
            }
            for (place, row) in absent {
                match stored.get(&row.key()) {
                    Some(there) if row.is_same(there, &dialect) => written.added += 1,
                    Some(there) if row.fallback().is_some_and(|row| row.is_same(there, &dialect)) => {
                        written.added += 1;
                        written.conflicts.push((place, IS_TAKEN));
                    }
                    None if T::REFERS => return Err(refers_to_nothing()),
                    None if !T::IS_VITAL => written.conflicts.push((place, IS_NOT_STORED)),
                    // A trigger or the type of a column has made it another row.
                    _ => return Err(KEPT_OUT),
                }
            }
        }
        match &statements.update {
            Some(update) if !others.is_empty() => {
                execute!(update, others.iter().map(|(_, row)| *row));
                let stored = find!(others.iter().map(|(_, row)| *row));
                let is_stored = |row: &T| {
                    stored.get(&row.key()).is_some_and(|there| row.is_same(there, &dialect))
                };
                if !others.iter().all(|(_, row)| is_stored(row)) {
                    return Err(KEPT_OUT);
                }
                written.replaced += others.len() as u64;
            }
            _ => written.conflicts.extend(others.into_iter().map(|(place, _)| (place, IS_OTHER))),
        }
        match &rehearsal {
            None => Ok(written),
            Some(is_done) => {
                is_done.store(true, Ordering::Relaxed);
                Err(KEPT_OUT)
            }
        }
    })
}
