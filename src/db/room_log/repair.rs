//! Repairs heads that are behind their room's log, because the table was emptied or restored from an older backup.

use diesel::{QueryableByName, sql_types::BigInt};

use crate::{
    chat::Result,
    db::{Db, on},
};

/// Selects the rooms whose head is behind the last entry of the log, or missing. It skips through the index from one
/// room to the next.
macro_rules! behind {
    () => {
        "WITH RECURSIVE room (id) AS (
            SELECT min(room_id) FROM room_log WHERE true
            UNION ALL
            SELECT (SELECT min(room_id) FROM room_log WHERE room_id > room.id) FROM room WHERE room.id IS NOT NULL
        ), last (room_id, seq) AS (
            SELECT id, (SELECT max(seq) FROM room_log WHERE room_id = room.id) FROM room WHERE id IS NOT NULL
        ), behind (room_id, seq) AS (
            SELECT last.room_id, last.seq FROM last LEFT JOIN room_head AS head ON head.room_id = last.room_id
            WHERE head.seq IS NULL OR head.seq < last.seq
        ) "
    };
}

const COUNT: &str = concat!(behind!(), "SELECT count(*) AS count FROM behind");

/// The lost head said from where on the log is complete. That is unknown now, so the log counts as complete from its
/// last entry on.
const REPAIR: &str = concat!(
    behind!(),
    "INSERT INTO room_head AS head (room_id, seq, at, complete_from)
    SELECT behind.room_id, behind.seq, entry.at, behind.seq
    FROM behind JOIN room_log AS entry ON entry.room_id = behind.room_id AND entry.seq = behind.seq
    WHERE true
    ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq, at = excluded.at, complete_from = excluded.complete_from
    WHERE head.seq < excluded.seq"
);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Inserts the names of the tables into the statement.
fn named(db: &Db, statement: &str) -> String {
    let prefix = if matches!(db, Db::Pg { .. }) { "chatoxide." } else { "chatoxide_" };
    ["room_head", "room_log"].iter().fold(statement.to_owned(), |statement, table| {
        statement.replace(&format!(" {table} "), &format!(" {prefix}{table} "))
    })
}

/// Counts the rooms whose head is missing or behind the log.
pub async fn count_behind(db: &Db) -> Result<i64> {
    let statement = named(db, COUNT);
    let count: Count = on!(db.readers, c => {
        diesel_async::RunQueryDsl::get_result(diesel::sql_query(&statement), c).await?
    })?;
    Ok(count.count)
}

/// Repairs these heads; returns how many there were.
pub async fn repair_heads(db: &Db) -> Result<usize> {
    if count_behind(db).await? == 0 {
        return Ok(0);
    }
    let statement = named(db, REPAIR);
    on!(db.writer, c => diesel_async::RunQueryDsl::execute(diesel::sql_query(&statement), c).await?)
}
