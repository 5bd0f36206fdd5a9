//! Positions in rooms that our tables `read_marker`, `room_head` and `room_log` keep or give beside the read marks: where a
//! new member starts, from which message on a user has marked a room as unread, and when an entry was made.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text, Timestamp as SqlTimestamp},
    upsert::excluded,
};
use diesel_async::RunQueryDsl;

use super::{Db, on, prepared::Prepared};
use crate::chat::{
    Result,
    id::{RoomId, UserId},
    message::Place,
    timestamp::Timestamp,
};

/// Stores for new members, whose ids are JSON, that they have read a room up to now. It is no receipt, and a marker that
/// is there stays.
const START_PG: &str = "INSERT INTO chatoxide.read_marker (room_id, user_id, seq, at, is_start) \
    SELECT $1, member.id, coalesce(head.seq, 0), greatest($3, head.at), true \
    FROM json_array_elements_text(CAST($2 AS JSON)) AS member (id) \
    LEFT JOIN chatoxide.room_head AS head ON head.room_id = $1 ON CONFLICT DO NOTHING";
const START_LITE: &str = "INSERT INTO chatoxide_read_marker (room_id, user_id, seq, at, is_start) \
    SELECT ?1, value, coalesce(head.seq, 0), max(?3, coalesce(head.at, ?3)), true FROM json_each(?2) \
    LEFT JOIN chatoxide_room_head AS head ON head.room_id = ?1 WHERE true ON CONFLICT DO NOTHING";

/// The statement that begins the counts of new members of a room at a moment. Its parameters are the room's id, the
/// users' ids as JSON, and the moment.
pub(in crate::db) fn start_statement(db: &Db) -> &'static str {
    if matches!(db, Db::Pg { .. }) { START_PG } else { START_LITE }
}

/// Binds the parameters of [`start_statement`].
macro_rules! start_by {
    ($statement:expr, $room:expr, $users:expr, $at:expr) => {
        diesel::sql_query($statement)
            .bind::<diesel::sql_types::Text, _>($room)
            .bind::<diesel::sql_types::Text, _>(serde_json::json!($users).to_string())
            .bind::<diesel::sql_types::Timestamp, _>($at)
    };
}
pub(in crate::db) use start_by;

/// Begins the counts of new members of a room.
pub async fn start(db: &Db, room_id: &RoomId, users: &[UserId], at: Timestamp) -> Result<()> {
    let statement = start_statement(db);
    on!(db.writer, c => start_by!(statement, room_id.as_str(), users, at.naive()).execute(c).await.map(drop)?)
}

/// Marks a room as unread from a message on, for its user alone: the read mark, which others are shown, stays.
pub async fn mark_unread(db: &Db, room_id: &RoomId, user_id: &UserId, from: &Place) -> Result<()> {
    let at = from.at.naive();
    on!(db.writer, c => diesel::insert_into(own::read_marker::table)
        .values((
            own::read_marker::room_id.eq(room_id.as_str()),
            own::read_marker::user_id.eq(user_id.as_str()),
            // A user who has never read the room has no receipt by this either.
            own::read_marker::seq.eq(0_i64),
            own::read_marker::at.eq(Timestamp::from_millis(0).naive()),
            own::read_marker::is_start.eq(true),
            own::read_marker::unread_at.eq(at),
            own::read_marker::unread_id.eq(from.id.as_str()),
        ))
        .on_conflict((own::read_marker::room_id, own::read_marker::user_id))
        .do_update()
        .set((
            own::read_marker::unread_at.eq(excluded(own::read_marker::unread_at)),
            own::read_marker::unread_id.eq(excluded(own::read_marker::unread_id)),
        ))
        .execute(c)
        .await
        .map(drop)?)
}

/// The last entry of a room's log, and another one.
#[derive(QueryableByName)]
pub struct Position {
    #[diesel(sql_type = BigInt)]
    pub head: i64,
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    head_at: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    entry_at: Option<NaiveDateTime>,
}

impl Position {
    /// When the last entry was made, if there is one.
    pub fn head_at(&self) -> Option<Timestamp> {
        self.head_at.map(Timestamp::from)
    }

    /// When the other entry was made; none if it is not in the log, or not any more.
    pub fn entry_at(&self) -> Option<Timestamp> {
        self.entry_at.map(Timestamp::from)
    }
}

const POSITION: &str = "SELECT coalesce(head.seq, 0) AS head, head.at AS head_at, entry.at AS entry_at \
    FROM (SELECT 1 AS one) AS one LEFT JOIN own.room_head AS head ON head.room_id = $1 \
    LEFT JOIN own.room_log AS entry ON entry.room_id = $1 AND entry.seq = $2";

/// Finds the last entry of a room's log, and when entry `seq` was made.
pub async fn find(db: &Db, room_id: &RoomId, seq: i64) -> Result<Position> {
    let own = if matches!(db, Db::Pg { .. }) { "chatoxide." } else { "chatoxide_" };
    let text = POSITION.replace("own.", own);
    on!(db.readers, c => Prepared(diesel::sql_query(&text)
        .bind::<Text, _>(room_id.as_str())
        .bind::<BigInt, _>(seq))
        .get_result(c)
        .await?)
}
