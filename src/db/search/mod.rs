//! The search index: our tables `search_room` and `search_message`, and on SQLite the words in an FTS5 table. It is made
//! behind the log, never in the transaction of a change, and a message that it has is shown only as table `Message` has
//! it.

mod postgres;
mod rooms;
mod sqlite;
mod statements;
mod write;

use std::{any::Any, sync::Arc};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};

pub(in crate::db) use self::rooms::forget_statements;
pub use self::{
    rooms::{
        IndexedRoom, MAX_ADDED, Progress, add_new_rooms, begin_anew, is_available, list_behind, list_rooms,
        list_unfilled, progress, refill_all, refill_behind, remove_deleted_rooms,
    },
    write::{Followed, PAGE, Written, fill, follow},
};
use super::{
    Db,
    catalog::{Finding, Severity},
};
use crate::{
    chat::{Result, id::MessageId},
    search::{Cursor, Expression},
};

/// The messages that are wanted.
pub struct Wanted {
    pub expression: Expression,
    /// The numbers of the rooms that are searched.
    pub rooms: Vec<i32>,
    /// From this moment on, in microseconds since 1970.
    pub since: Option<i64>,
    /// Before this moment, in microseconds since 1970.
    pub before: Option<i64>,
    /// After this one, in the order of the results.
    pub after: Option<Cursor>,
    /// Kept until the statements have ended, also where nobody waits for them any more.
    pub held: Arc<dyn Any + Send + Sync>,
}

/// A message that was found in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub message_id: MessageId,
    /// Its place in the index.
    pub cursor: Cursor,
}

#[derive(QueryableByName)]
struct HitRow {
    #[diesel(sql_type = Text)]
    message_id: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
}

/// The finding if the search index is not there, or may not be written.
pub fn no_index() -> Finding {
    Finding::new(Severity::Notice, "the search index is not there, or this role may not write it")
        .consequence("messages cannot be searched")
        .mend(
            "run chatoxide migrate as a role that may create tables in schema chatoxide, and grant this one all rights on \
             them; or set SEARCH=off",
        )
}

/// Returns the newest `limit` messages that are wanted, newest first; fewer if there are no more.
pub async fn list_newest(db: &Db, wanted: &Wanted, limit: usize) -> Result<Vec<Hit>> {
    if wanted.rooms.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    match db {
        Db::Pg { .. } => postgres::list_newest(db, wanted, limit).await,
        Db::Lite { .. } => sqlite::list_newest(db, wanted, limit).await,
    }
}

/// The statement for the database in use: `own.` before the name of a table of ours stands for its schema or prefix.
fn named(db: &Db, statement: &str) -> String {
    statement.replace("own.", if matches!(db, Db::Pg { .. }) { "chatoxide." } else { "chatoxide_" })
}
