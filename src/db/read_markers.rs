//! Our table `read_marker`: up to where a user has read a room.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Timestamp as SqlTimestamp},
};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{Db, on};
use crate::{
    chat::{
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    error::Result,
};

#[derive(Clone, Debug)]
pub struct ReadMark {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub at: Timestamp,
    /// The last entry of the room's log that was read; none: the last that is not younger than `at`.
    pub seq: Option<i64>,
}

/// One statement for any number of marks. The entry of a mark that names none is found by a binary search for its time:
/// times never run backwards in a log, and its entries have no holes. Entries that retention deleted at the log's
/// beginning are older than all that are there.
const ADVANCE_PG: &str = r#"
    WITH RECURSIVE mark AS (
        SELECT new.* FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS new (room_id, user_id, seq, at, place)
        WHERE NOT EXISTS (
            SELECT FROM chatoxide.read_marker AS there
            WHERE there.room_id = new.room_id AND there.user_id = new.user_id AND there.at >= new.at
        )
    ), search (place, room_id, at, older, younger) AS (
        SELECT mark.place, mark.room_id, mark.at,
            CASE WHEN head.at <= mark.at THEN head.seq ELSE 0 END, coalesce(head.seq, 0)
        FROM mark LEFT JOIN chatoxide.room_head AS head ON head.room_id = mark.room_id WHERE mark.seq IS NULL
        UNION ALL
        SELECT search.place, search.room_id, search.at,
            CASE WHEN entry.at > search.at THEN older ELSE older + (younger - older) / 2 END,
            CASE WHEN entry.at > search.at THEN older + (younger - older) / 2 ELSE younger END
        FROM search LEFT JOIN chatoxide.room_log AS entry
            ON entry.room_id = search.room_id AND entry.seq = older + (younger - older) / 2
        WHERE younger - older > 1
    )
    INSERT INTO chatoxide.read_marker (room_id, user_id, seq, at)
    SELECT mark.room_id, mark.user_id, coalesce(mark.seq, found.older), mark.at
    FROM mark LEFT JOIN search AS found ON found.place = mark.place AND found.younger - found.older <= 1
    ORDER BY mark.place
    ON CONFLICT (room_id, user_id)
    DO UPDATE SET seq = excluded.seq, at = excluded.at WHERE read_marker.at < excluded.at"#;

/// The marks come as JSON: `[[room, user, seq, at], ..]`.
const ADVANCE_LITE: &str = r#"
    WITH RECURSIVE new (room_id, user_id, seq, at, place) AS (
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, key FROM json_each($1)
    ), mark AS (
        SELECT new.* FROM new WHERE NOT EXISTS (
            SELECT 1 FROM chatoxide_read_marker AS there
            WHERE there.room_id = new.room_id AND there.user_id = new.user_id AND there.at >= new.at
        )
    ), search (place, room_id, at, older, younger) AS (
        SELECT mark.place, mark.room_id, mark.at,
            CASE WHEN head.at <= mark.at THEN head.seq ELSE 0 END, coalesce(head.seq, 0)
        FROM mark LEFT JOIN chatoxide_room_head AS head ON head.room_id = mark.room_id WHERE mark.seq IS NULL
        UNION ALL
        SELECT search.place, search.room_id, search.at,
            CASE WHEN entry.at > search.at THEN older ELSE older + (younger - older) / 2 END,
            CASE WHEN entry.at > search.at THEN older + (younger - older) / 2 ELSE younger END
        FROM search LEFT JOIN chatoxide_room_log AS entry
            ON entry.room_id = search.room_id AND entry.seq = older + (younger - older) / 2
        WHERE younger - older > 1
    )
    INSERT INTO chatoxide_read_marker (room_id, user_id, seq, at)
    SELECT mark.room_id, mark.user_id, coalesce(mark.seq, found.older), mark.at
    FROM mark LEFT JOIN search AS found ON found.place = mark.place AND found.younger - found.older <= 1
    WHERE true
    ON CONFLICT (room_id, user_id)
    DO UPDATE SET seq = excluded.seq, at = excluded.at WHERE chatoxide_read_marker.at < excluded.at"#;

/// Moves the markers forward; one that is further already stays. A user's mark of a room comes once.
pub async fn advance(db: &Db, mut marks: Vec<ReadMark>) -> Result<()> {
    // In one order, so that two of these never wait for each other in a circle.
    marks.sort_by(|one, other| (&one.room_id, &one.user_id).cmp(&(&other.room_id, &other.user_id)));
    match db {
        Db::Pg { .. } => advance_pg(db, marks).await,
        Db::Lite { .. } => advance_lite(db, marks).await,
    }
}

/// The markers of those who have read a room last, newest first.
pub async fn list_of_room(db: &Db, room_id: &RoomId, limit: i64) -> Result<Vec<(UserId, Timestamp)>> {
    let rows: Vec<(String, NaiveDateTime)> = on!(db.readers, c => own::read_marker::table
        .filter(own::read_marker::room_id.eq(room_id.as_str()))
        .order(own::read_marker::at.desc())
        .limit(limit)
        .select((own::read_marker::user_id, own::read_marker::at))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(|(user_id, at)| (user_id.into(), at.into())).collect())
}

async fn advance_pg(db: &Db, marks: Vec<ReadMark>) -> Result<()> {
    let Db::Pg { pool, .. } = db else { return Ok(()) };
    let rooms: Vec<String> = marks.iter().map(|mark| mark.room_id.to_string()).collect();
    let users: Vec<String> = marks.iter().map(|mark| mark.user_id.to_string()).collect();
    let seqs: Vec<Option<i64>> = marks.iter().map(|mark| mark.seq).collect();
    let moments: Vec<NaiveDateTime> = marks.iter().map(|mark| mark.at.naive()).collect();
    db.within_timeout(async {
        let mut connection = pool.get().await?;
        diesel::sql_query(ADVANCE_PG)
            .bind::<Array<Text>, _>(rooms)
            .bind::<Array<Text>, _>(users)
            .bind::<Array<Nullable<BigInt>>, _>(seqs)
            .bind::<Array<SqlTimestamp>, _>(moments)
            .execute(&mut *connection)
            .await?;
        Ok(())
    })
    .await
}

async fn advance_lite(db: &Db, marks: Vec<ReadMark>) -> Result<()> {
    // As diesel writes times on SQLite.
    let at = |mark: &ReadMark| mark.at.naive().format("%F %T%.f").to_string();
    let rows = marks.iter().map(|mark| json!([mark.room_id, mark.user_id, mark.seq, at(mark)]));
    let rows = Value::from_iter(rows).to_string();
    let Db::Lite { writer, .. } = db else { return Ok(()) };
    db.within_timeout(async {
        let mut connection = writer.get().await?;
        diesel::sql_query(ADVANCE_LITE).bind::<Text, _>(rows).execute(&mut *connection).await?;
        Ok(())
    })
    .await
}
