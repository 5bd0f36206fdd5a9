//! Retention: deletes old entries of the log. The messages stay. Catch-up across the deleted entries is lost, and so
//! are their idempotency keys.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text, Timestamp as SqlTimestamp},
};
use diesel_async::RunQueryDsl;

use crate::{
    chat::{Result, timestamp::Timestamp},
    db::{Db, on},
};

/// Rooms checked in one query, and entries deleted in one: other queries can run in between.
const ROOMS: i64 = 100;
const ENTRIES: i64 = 1_000;

/// Selects the rooms after `$1` whose oldest entry is older than `$2`. The primary key leads to that entry, however
/// long the log is.
const OLD_ROOMS_PG: &str = "SELECT head.room_id FROM chatoxide.room_head head WHERE head.room_id > $1 AND \
    (SELECT entry.at FROM chatoxide.room_log entry WHERE entry.room_id = head.room_id ORDER BY entry.seq LIMIT 1) < $2 \
    ORDER BY head.room_id LIMIT $3";
const OLD_ROOMS_LITE: &str = "SELECT head.room_id FROM chatoxide_room_head head WHERE head.room_id > $1 AND \
    (SELECT entry.at FROM chatoxide_room_log entry WHERE entry.room_id = head.room_id ORDER BY entry.seq LIMIT 1) < $2 \
    ORDER BY head.room_id LIMIT $3";

/// Deletes at most `$3` entries older than `$2`, from the beginnings of the logs of the rooms `$1`, given as JSON. It
/// reads at most that many entries of each room, however long its log is.
const FORGET_PG: &str = "DELETE FROM chatoxide.room_log WHERE (room_id, seq) IN ( \
    SELECT entry.room_id, entry.seq FROM json_array_elements_text(CAST($1 AS JSON)) AS room (id) \
    CROSS JOIN LATERAL (SELECT min(seq) AS seq FROM chatoxide.room_log WHERE room_id = room.id) AS oldest \
    JOIN chatoxide.room_log AS entry ON entry.room_id = room.id AND entry.seq < oldest.seq + $3 AND entry.at < $2 \
    ORDER BY entry.room_id, entry.seq LIMIT $3)";
const FORGET_LITE: &str = "DELETE FROM chatoxide_room_log WHERE (room_id, seq) IN ( \
    SELECT entry.room_id, entry.seq FROM json_each($1) AS room JOIN chatoxide_room_log AS entry \
    ON entry.room_id = room.value AND entry.at < $2 \
    AND entry.seq < (SELECT min(seq) FROM chatoxide_room_log WHERE room_id = room.value) + $3 \
    ORDER BY entry.room_id, entry.seq LIMIT $3)";

#[derive(QueryableByName)]
struct RoomRow {
    #[diesel(sql_type = Text)]
    room_id: String,
}

/// Deletes the entries older than `moment`, in batches. Returns how many.
pub async fn forget_before(db: &Db, moment: Timestamp) -> Result<usize> {
    let mut forgotten = 0;
    let mut last = String::new();
    loop {
        let rooms = list_old_rooms(db, &last, moment).await?;
        let Some(newest) = rooms.last() else { return Ok(forgotten) };
        last.clone_from(newest);
        forgotten += forget_in_rooms(db, &rooms, moment).await?;
    }
}

async fn list_old_rooms(db: &Db, after: &str, moment: Timestamp) -> Result<Vec<String>> {
    let text = match db {
        Db::Pg { .. } => OLD_ROOMS_PG,
        Db::Lite { .. } => OLD_ROOMS_LITE,
    };
    let rows: Vec<RoomRow> = on!(db.readers, c => diesel::sql_query(text)
        .bind::<Text, _>(after.to_owned())
        .bind::<SqlTimestamp, _>(moment.naive())
        .bind::<BigInt, _>(ROOMS)
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(|row| row.room_id).collect())
}

async fn forget_in_rooms(db: &Db, rooms: &[String], moment: Timestamp) -> Result<usize> {
    let text = match db {
        Db::Pg { .. } => FORGET_PG,
        Db::Lite { .. } => FORGET_LITE,
    };
    let rooms = serde_json::json!(rooms).to_string();
    let mut forgotten = 0;
    loop {
        let gone = on!(db.writer, c => diesel::sql_query(text)
            .bind::<Text, _>(&rooms)
            .bind::<SqlTimestamp, _>(moment.naive())
            .bind::<BigInt, _>(ENTRIES)
            .execute(c)
            .await?)?;
        forgotten += gone;
        // Fewer rows than the limit: no room had more.
        if i64::try_from(gone).unwrap_or(0) < ENTRIES {
            return Ok(forgotten);
        }
    }
}
