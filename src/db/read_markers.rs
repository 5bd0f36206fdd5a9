//! Our table `read_marker`: up to where a user has read a room.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Text, Timestamp as SqlTimestamp},
};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{Db, on, on_lease};
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

/// One text for any number of marks.
const ADVANCE_PG: &str = "INSERT INTO chatoxide.read_marker (room_id, user_id, seq, at) \
    SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT (room_id, user_id) \
    DO UPDATE SET seq = excluded.seq, at = excluded.at WHERE read_marker.at < excluded.at";

/// The marks come as JSON: `[[room, user, seq, at], ..]`.
const ADVANCE_LITE: &str = "INSERT INTO chatoxide_read_marker (room_id, user_id, seq, at) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1) WHERE true \
    ON CONFLICT (room_id, user_id) \
    DO UPDATE SET seq = excluded.seq, at = excluded.at WHERE chatoxide_read_marker.at < excluded.at";

/// Moves the markers forward; one that is further already stays. A user's mark of a room comes once.
pub async fn advance(db: &Db, mut marks: Vec<ReadMark>) -> Result<()> {
    // In one order, so that two of these never wait for each other in a circle.
    marks.sort_by(|one, other| (&one.room_id, &one.user_id).cmp(&(&other.room_id, &other.user_id)));
    let mut seqs = Vec::with_capacity(marks.len());
    for mark in &marks {
        seqs.push(match mark.seq {
            Some(seq) => seq,
            None => find_seq(db, &mark.room_id, mark.at).await?,
        });
    }
    match db {
        Db::Pg { .. } => advance_pg(db, marks, seqs).await,
        Db::Lite { .. } => advance_lite(db, marks, seqs).await,
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

async fn advance_pg(db: &Db, marks: Vec<ReadMark>, seqs: Vec<i64>) -> Result<()> {
    let Db::Pg { pool, .. } = db else { return Ok(()) };
    let rooms: Vec<String> = marks.iter().map(|mark| mark.room_id.to_string()).collect();
    let users: Vec<String> = marks.iter().map(|mark| mark.user_id.to_string()).collect();
    let moments: Vec<NaiveDateTime> = marks.iter().map(|mark| mark.at.naive()).collect();
    db.within_timeout(async {
        on_lease!(twice db pool, connection => diesel::sql_query(ADVANCE_PG)
            .bind::<Array<Text>, _>(&rooms)
            .bind::<Array<Text>, _>(&users)
            .bind::<Array<BigInt>, _>(&seqs)
            .bind::<Array<SqlTimestamp>, _>(&moments)
            .execute(&mut *connection)
            .await
            .map(drop)?)
    })
    .await
}

async fn advance_lite(db: &Db, marks: Vec<ReadMark>, seqs: Vec<i64>) -> Result<()> {
    // As diesel writes times on SQLite.
    let at = |mark: &ReadMark| mark.at.naive().format("%F %T%.f").to_string();
    let rows = marks.iter().zip(seqs).map(|(mark, seq)| json!([mark.room_id, mark.user_id, seq, at(mark)]));
    let rows = Value::from_iter(rows).to_string();
    let Db::Lite { writer, .. } = db else { return Ok(()) };
    db.within_timeout(async {
        on_lease!(once db writer, connection => diesel::sql_query(ADVANCE_LITE)
            .bind::<Text, _>(rows)
            .execute(&mut *connection)
            .await
            .map(drop)?)
    })
    .await
}

/// The last entry of a room's log that is not younger than `moment`. Times never run backwards in a log and its entries
/// have no holes, so that this takes as many look-ups as the log's length has binary digits.
async fn find_seq(db: &Db, room_id: &RoomId, moment: Timestamp) -> Result<i64> {
    let room = room_id.as_str();
    let head: Option<(i64, NaiveDateTime)> = on!(db.readers, c => own::room_head::table
        .find(room)
        .select((own::room_head::seq, own::room_head::at))
        .first(c)
        .await
        .optional()?)?;
    let Some((head, at)) = head else { return Ok(0) };
    if at <= moment.naive() {
        return Ok(head);
    }
    // What is forgotten at the log's beginning is older than anything that is there.
    let (mut older, mut younger) = (0, head);
    while younger - older > 1 {
        let middle = older + (younger - older) / 2;
        let at: Option<NaiveDateTime> = on!(db.readers, c => own::room_log::table
            .find((room, middle))
            .select(own::room_log::at)
            .first(c)
            .await
            .optional()?)?;
        if at.is_none_or(|at| at <= moment.naive()) { older = middle } else { younger = middle }
    }
    Ok(older)
}
