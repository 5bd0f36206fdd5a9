//! Watches a team's tables on PostgreSQL, if `chatoxide migrate --watch` has added its triggers. These add an entry to
//! the room's log for each change of another program, in that program's own transaction, and notify the server.

mod install;
mod listener;

use std::collections::HashMap;

pub use self::{
    install::{State, install, outdated, read_state, remove},
    listener::{Listener, Notice},
};
use super::{Db, on};
use crate::chat::{Result, id::RoomId};

/// The rooms whose heads are read by one statement.
const MAX_HEADS: usize = 10_000;

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// Adds the entries of changes that could not be logged when they were committed. Returns the number of transactions.
pub async fn log_left(db: &Db) -> Result<i64> {
    if !db.facts().is_watched() {
        return Ok(0);
    }
    let count: Count = on!(db.writer, c => {
        let take = diesel::sql_query("SELECT chatoxide.watch_take_left() AS count");
        diesel_async::RunQueryDsl::get_result(take, c).await?
    })?;
    Ok(count.count)
}

/// Reads the number of the last entry of each of these rooms' logs, and the entry from which on the log is complete.
pub async fn list_heads(db: &Db, room_ids: &[RoomId]) -> Result<HashMap<RoomId, (i64, i64)>> {
    use diesel::prelude::*;
    let mut heads = HashMap::new();
    for some in room_ids.chunks(MAX_HEADS) {
        let some: Vec<&str> = some.iter().map(RoomId::as_str).collect();
        let found: Vec<(String, i64, i64)> = on!(db.readers, c => {
            let heads = own::room_head::table
                .filter(own::room_head::room_id.eq_any(&some))
                .select((own::room_head::room_id, own::room_head::seq, own::room_head::complete_from));
            diesel_async::RunQueryDsl::load(heads, c).await?
        })?;
        heads.extend(
            found.into_iter().map(|(room_id, seq, complete_from)| (room_id.into(), (seq, complete_from))),
        );
    }
    Ok(heads)
}
