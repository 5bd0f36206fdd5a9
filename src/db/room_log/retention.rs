//! Forgetting old entries of the log. The messages stay; what goes is the catching up across them, and their client ids.

use diesel::{
    dsl::min,
    prelude::*,
    sql_types::{BigInt, Text, Timestamp as SqlTimestamp},
};
use diesel_async::RunQueryDsl;

use crate::{
    chat::timestamp::Timestamp,
    db::{Db, on},
    error::Result,
};

/// Rooms looked at in one query, and entries deleted in one: others get their turn in between.
const ROOMS: i64 = 100;
const ENTRIES: i64 = 1_000;

/// Rooms after `$1` whose oldest entry is older than `$2`; that entry is found by the primary key, however long the log is.
const OLD_ROOMS_PG: &str = "SELECT head.room_id FROM chatoxide.room_head head WHERE head.room_id > $1 AND \
    (SELECT entry.at FROM chatoxide.room_log entry WHERE entry.room_id = head.room_id ORDER BY entry.seq LIMIT 1) < $2 \
    ORDER BY head.room_id LIMIT $3";
const OLD_ROOMS_LITE: &str = "SELECT head.room_id FROM chatoxide_room_head head WHERE head.room_id > $1 AND \
    (SELECT entry.at FROM chatoxide_room_log entry WHERE entry.room_id = head.room_id ORDER BY entry.seq LIMIT 1) < $2 \
    ORDER BY head.room_id LIMIT $3";

#[derive(QueryableByName)]
struct RoomRow {
    #[diesel(sql_type = Text)]
    room_id: String,
}

/// Deletes the entries older than `moment`, a bounded number at a time. Returns how many.
pub async fn forget_before(db: &Db, moment: Timestamp) -> Result<usize> {
    let mut forgotten = 0;
    let mut last = String::new();
    loop {
        let rooms = list_old_rooms(db, &last, moment).await?;
        let Some(newest) = rooms.last() else { return Ok(forgotten) };
        last.clone_from(newest);
        for room in &rooms {
            forgotten += forget_in_room(db, room, moment).await?;
        }
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

async fn forget_in_room(db: &Db, room: &str, moment: Timestamp) -> Result<usize> {
    let mut forgotten = 0;
    loop {
        let oldest: Option<i64> = on!(db.readers, c => own::room_log::table
            .filter(own::room_log::room_id.eq(room))
            .select(min(own::room_log::seq))
            .first(c)
            .await?)?;
        let Some(oldest) = oldest else { return Ok(forgotten) };
        let gone = on!(db.writer, c => diesel::delete(own::room_log::table
            .filter(own::room_log::room_id.eq(room).and(own::room_log::seq.lt(oldest + ENTRIES)))
            .filter(own::room_log::at.lt(moment.naive())))
            .execute(c)
            .await?)?;
        forgotten += gone;
        if i64::try_from(gone).unwrap_or(0) < ENTRIES {
            return Ok(forgotten);
        }
    }
}
