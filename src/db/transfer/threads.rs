//! The states of threads: rows of our own table `thread`.
//!
//! A file only names the threads. Their states are counted from the replies that are stored, when all of them are there: a
//! file cannot say another number, and a thread that has gone on in the database is counted with what came there.

use std::collections::{BTreeSet, HashMap};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use serde_json::{Value, json};

use super::{
    dialect::Dialect,
    stored::{Exported, Fields},
};
use crate::{
    archive::record::{Record, Thread},
    chat::Result,
    db::{Db, in_transaction, threads::Settling},
};

const FIELDS: Fields = &[("root_id", "TEXT")];

const STATES: &str = "SELECT t.root_id AS root_id, t.reply_count AS reply_count, \
        t.participant_count AS participant_count, t.participants AS participants, t.last_id AS last_id \
    FROM $new JOIN own.thread AS t ON t.root_id = new.root_id";

#[derive(PartialEq, Eq, QueryableByName)]
struct StateRow {
    #[diesel(sql_type = Text)]
    root_id: String,
    #[diesel(sql_type = BigInt)]
    reply_count: i64,
    #[diesel(sql_type = BigInt)]
    participant_count: i64,
    #[diesel(sql_type = Text)]
    participants: String,
    #[diesel(sql_type = Text)]
    last_id: String,
}

#[derive(QueryableByName)]
pub(super) struct ThreadRow {
    #[diesel(sql_type = Text)]
    root_id: String,
}

impl Exported for Thread {
    type Row = ThreadRow;

    const TABLE: &'static str = "thread";
    const FROM: &'static str = "own.thread";
    const SELECT: &'static str = "t.root_id AS root_id";
    /// Another program may have deleted all replies of a thread, unnoticed as yet.
    const JOINS: &'static str = r#"JOIN "Room" AS room ON CAST(room."id" AS TEXT) = t.room_id WHERE EXISTS (
            SELECT 1 FROM own.thread_reply AS reply WHERE reply.root_id = t.root_id AND NOT reply.is_gone AND EXISTS (
                SELECT 1 FROM "Message" AS message WHERE message."id" = CAST(reply.message_id AS /*message*/TEXT)
            )
        )"#;
    const ORDER: &'static str = r#"t.root_id COLLATE "C""#;

    fn from_row(row: ThreadRow, _: &Dialect) -> Self {
        Self { root_id: row.root_id }
    }

    fn into_record(self) -> Record {
        Record::Thread(self)
    }
}

/// Counts the threads of these roots anew. Returns how many have another state than before.
pub(super) async fn count(db: &Db, dialect: &Dialect, roots: &BTreeSet<String>) -> Result<usize> {
    let states = dialect.write(Thread::TABLE, FIELDS, STATES);
    let document = Value::from_iter(roots.iter().map(|root_id| json!({ "root_id": root_id }))).to_string();
    let roots = json!(roots).to_string();
    let recount = Settling::of(db).recount;
    in_transaction!($ db write, c => {
        macro_rules! states {
            () => {{
                let rows: Vec<StateRow> = run!(c.load(diesel::sql_query(&states).bind::<Text, _>(&document)));
                rows
            }};
        }
        let before: HashMap<String, StateRow> =
            states!().into_iter().map(|row| (row.root_id.clone(), row)).collect();
        for statement in recount {
            run!(c.execute(diesel::sql_query(*statement).bind::<Text, _>(&roots)));
        }
        let after = states!();
        Ok(after.iter().filter(|row| before.get(&row.root_id) != Some(*row)).count())
    })
}
