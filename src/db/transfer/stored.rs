//! The kinds of rows that are exported and imported, one file each.

use std::hash::Hash;

use diesel::{deserialize::QueryableByName, pg::Pg, sqlite::Sqlite};
use serde_json::Value;

use super::{checks::Checks, dialect::Dialect};
use crate::{archive::record::Record, chat::Result};

/// A kind of row that is exported. Its texts are parts of a statement of [`Dialect::write`], in which the table is `t`.
pub(super) trait Exported: Send + Sized + 'static {
    type Row: QueryableByName<Pg> + QueryableByName<Sqlite> + Send + 'static;

    const TABLE: &'static str;
    /// The table's name in SQL.
    const FROM: &'static str;
    /// The columns of [`Self::Row`].
    const SELECT: &'static str;
    /// Joins that leave out rows whose references lead nowhere, which no client sees.
    const JOINS: &'static str;
    /// The columns by which an export is sorted, so that it is the same for the same rows on any database.
    const ORDER: &'static str;

    fn from_row(row: Self::Row, dialect: &Dialect) -> Self;
    fn into_record(self) -> Record;
}

/// Names and SQL types, on PostgreSQL, of the fields of a document's rows.
pub(super) type Fields = &'static [(&'static str, &'static str)];

/// A kind of row that is imported as it is.
pub(super) trait Stored: Exported + Clone + Sync {
    type Key: Eq + Hash + Send;

    const FIELDS: Fields;
    const KEY_FIELDS: Fields;
    /// The condition that a row is the one of `new`.
    const KEY: &'static str;
    const INSERT: &'static str;
    /// Overwrites a row by `new`; none if it is never overwritten.
    const UPDATE: Option<&'static str>;
    /// Without this row others would be wrong, so that it must be stored.
    const IS_VITAL: bool = false;
    /// It refers to rows that no foreign key guards: [`Self::INSERT`] leaves it out where one is not there.
    const REFERS: bool = false;

    fn from_record(record: Record) -> Option<Self>;
    fn key(&self) -> Self::Key;
    /// Names the row for people.
    fn describe(&self) -> String;
    /// Refuses a row that the database does not take.
    fn check(&self, checks: &Checks<'_>) -> Result<()>;
    /// The row in a statement's document.
    fn document(&self, dialect: &Dialect) -> Value;
    /// The row in a document that only finds it.
    fn key_document(&self) -> Value;
    /// True if the row that is stored has the same content.
    fn is_same(&self, stored: &Self, dialect: &Dialect) -> bool;
    /// The row to insert where another one has one of its unique values.
    fn fallback(&self) -> Option<Self> {
        None
    }
}

/// The statement that finds the rows of a document.
pub(super) fn find<T: Stored>() -> String {
    format!("SELECT {} FROM $new JOIN {} AS t ON {}", T::SELECT, T::FROM, T::KEY)
}
