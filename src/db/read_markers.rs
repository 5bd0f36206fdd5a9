//! Our table `read_marker`: how far each user has read each room.

use chrono::NaiveDateTime;
use diesel::sql_types::{Array, BigInt, Text, Timestamp as SqlTimestamp};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{Db, on_lease};
use crate::chat::{
    Result,
    id::{RoomId, UserId},
    timestamp::Timestamp,
};

/// A read mark: the user has read all entries up to `seq`, and all messages up to `at`.
#[derive(Clone, Debug)]
pub struct ReadMark {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub at: Timestamp,
    /// The last log entry that was read; none: the last entry that is not later than `at`.
    pub seq: Option<i64>,
}

/// The text is constant for any number of marks, so that the statement stays prepared. A marker moves if the mark is later
/// or names a later entry. Whether it moves or not, the user has now read the room: what they had marked as unread is
/// not any more.
const ADVANCE_PG: &str = "INSERT INTO chatoxide.read_marker (room_id, user_id, seq, at) \
    SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT (room_id, user_id) DO UPDATE SET \
        seq = CASE WHEN read_marker.at < excluded.at OR read_marker.seq < excluded.seq \
            THEN excluded.seq ELSE read_marker.seq END, \
        at = greatest(read_marker.at, excluded.at), \
        is_start = read_marker.is_start AND read_marker.at >= excluded.at AND read_marker.seq >= excluded.seq, \
        unread_at = NULL, unread_id = NULL \
    WHERE read_marker.at < excluded.at OR read_marker.seq < excluded.seq OR read_marker.unread_at IS NOT NULL";

/// The marks are passed as JSON: `[[room, user, at, seq], ..]`.
const ADVANCE_LITE: &str = "INSERT INTO chatoxide_read_marker AS marker (room_id, user_id, seq, at) \
    SELECT value ->> 0, value ->> 1, value ->> 3, value ->> 2 FROM json_each($1) WHERE true \
    ON CONFLICT (room_id, user_id) DO UPDATE SET \
        seq = CASE WHEN marker.at < excluded.at OR marker.seq < excluded.seq THEN excluded.seq ELSE marker.seq END, \
        at = max(marker.at, excluded.at), \
        is_start = marker.is_start AND marker.at >= excluded.at AND marker.seq >= excluded.seq, \
        unread_at = NULL, unread_id = NULL \
    WHERE marker.at < excluded.at OR marker.seq < excluded.seq OR marker.unread_at IS NOT NULL";

/// Upserts marks that name no entry. A binary search by time finds their entries: times never run backwards in a log,
/// and its entries have no gaps. Entries that retention deleted at the log's beginning are older than all others.
const FIND_AND_ADVANCE_PG: &str = r#"
    WITH RECURSIVE search (place, room_id, user_id, at, older, younger) AS (
        SELECT mark.place, mark.room_id, mark.user_id, mark.at,
            CASE WHEN head.at <= mark.at THEN head.seq ELSE 0 END, coalesce(head.seq, 0)
        FROM unnest($1, $2, $3) WITH ORDINALITY AS mark (room_id, user_id, at, place)
        LEFT JOIN chatoxide.room_head AS head ON head.room_id = mark.room_id
        WHERE NOT EXISTS (
            SELECT FROM chatoxide.read_marker AS there
            WHERE there.room_id = mark.room_id AND there.user_id = mark.user_id AND there.at >= mark.at
        )
        UNION ALL
        SELECT place, search.room_id, user_id, search.at,
            CASE WHEN entry.at > search.at THEN older ELSE older + (younger - older) / 2 END,
            CASE WHEN entry.at > search.at THEN older + (younger - older) / 2 ELSE younger END
        FROM search LEFT JOIN chatoxide.room_log AS entry
            ON entry.room_id = search.room_id AND entry.seq = older + (younger - older) / 2
        WHERE younger - older > 1
    )
    INSERT INTO chatoxide.read_marker (room_id, user_id, seq, at)
    SELECT room_id, user_id, older, at FROM search WHERE younger - older <= 1 ORDER BY place
    ON CONFLICT (room_id, user_id)
    DO UPDATE SET seq = excluded.seq, at = excluded.at, is_start = false, unread_at = NULL, unread_id = NULL
    WHERE read_marker.at < excluded.at"#;

const FIND_AND_ADVANCE_LITE: &str = r#"
    WITH RECURSIVE mark (room_id, user_id, at) AS (
        SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1)
    ), search (room_id, user_id, at, older, younger) AS (
        SELECT mark.room_id, mark.user_id, mark.at,
            CASE WHEN head.at <= mark.at THEN head.seq ELSE 0 END, coalesce(head.seq, 0)
        FROM mark LEFT JOIN chatoxide_room_head AS head ON head.room_id = mark.room_id
        WHERE NOT EXISTS (
            SELECT 1 FROM chatoxide_read_marker AS there
            WHERE there.room_id = mark.room_id AND there.user_id = mark.user_id AND there.at >= mark.at
        )
        UNION ALL
        SELECT search.room_id, user_id, search.at,
            CASE WHEN entry.at > search.at THEN older ELSE older + (younger - older) / 2 END,
            CASE WHEN entry.at > search.at THEN older + (younger - older) / 2 ELSE younger END
        FROM search LEFT JOIN chatoxide_room_log AS entry
            ON entry.room_id = search.room_id AND entry.seq = older + (younger - older) / 2
        WHERE younger - older > 1
    )
    INSERT INTO chatoxide_read_marker (room_id, user_id, seq, at)
    SELECT room_id, user_id, older, at FROM search WHERE younger - older <= 1
    ON CONFLICT (room_id, user_id)
    DO UPDATE SET seq = excluded.seq, at = excluded.at, is_start = false, unread_at = NULL, unread_id = NULL
    WHERE chatoxide_read_marker.at < excluded.at"#;

/// Moves the markers forward; a marker that is further already stays. Each user and room occurs once in `marks`.
pub async fn advance(db: &Db, mut marks: Vec<ReadMark>) -> Result<()> {
    // Sorted, so that two concurrent upserts cannot deadlock.
    marks.sort_by(|one, other| (&one.room_id, &one.user_id).cmp(&(&other.room_id, &other.user_id)));
    let (named, unnamed): (Vec<_>, Vec<_>) = marks.into_iter().partition(|mark| mark.seq.is_some());
    for marks in [named, unnamed] {
        match db {
            _ if marks.is_empty() => {}
            Db::Pg { .. } => advance_pg(db, marks).await?,
            Db::Lite { .. } => advance_lite(db, marks).await?,
        }
    }
    Ok(())
}

/// All of the marks name their entry, or none does.
async fn advance_pg(db: &Db, marks: Vec<ReadMark>) -> Result<()> {
    let Db::Pg { pool, .. } = db else { return Ok(()) };
    let rooms: Vec<String> = marks.iter().map(|mark| mark.room_id.to_string()).collect();
    let users: Vec<String> = marks.iter().map(|mark| mark.user_id.to_string()).collect();
    let seqs: Vec<i64> = marks.iter().filter_map(|mark| mark.seq).collect();
    let moments: Vec<NaiveDateTime> = marks.iter().map(|mark| mark.at.naive()).collect();
    db.within_timeout(async {
        let of = |text| diesel::sql_query(text).bind::<Array<Text>, _>(&rooms).bind::<Array<Text>, _>(&users);
        on_lease!(twice writer db pool, connection => match seqs.is_empty() {
            false => {
                of(ADVANCE_PG)
                    .bind::<Array<BigInt>, _>(&seqs)
                    .bind::<Array<SqlTimestamp>, _>(&moments)
                    .execute(&mut *connection)
                    .await
                    .map(drop)?
            }
            true => {
                of(FIND_AND_ADVANCE_PG)
                    .bind::<Array<SqlTimestamp>, _>(&moments)
                    .execute(&mut *connection)
                    .await
                    .map(drop)?
            }
        })
    })
    .await
}

/// All of the marks name their entry, or none does.
async fn advance_lite(db: &Db, marks: Vec<ReadMark>) -> Result<()> {
    // The format in which diesel writes times on SQLite.
    let at = |mark: &ReadMark| mark.at.naive().format("%F %T%.f").to_string();
    let text = match marks.iter().all(|mark| mark.seq.is_some()) {
        true => ADVANCE_LITE,
        false => FIND_AND_ADVANCE_LITE,
    };
    let rows = marks.iter().map(|mark| json!([mark.room_id, mark.user_id, at(mark), mark.seq]));
    let rows = Value::from_iter(rows).to_string();
    let Db::Lite { writer, .. } = db else { return Ok(()) };
    db.within_timeout(async {
        on_lease!(once writer db writer, connection => diesel::sql_query(text)
            .bind::<Text, _>(rows)
            .execute(&mut *connection)
            .await
            .map(drop)?)
    })
    .await
}
