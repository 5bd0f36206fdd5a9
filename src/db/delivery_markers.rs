//! Our table `delivery_marker`: up to which entry a room's messages have reached a device of each user.

use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{Db, on_lease};
use crate::chat::{
    Result,
    id::{RoomId, UserId},
};

#[derive(Clone, Debug)]
pub struct DeliveryMark {
    pub room_id: RoomId,
    pub user_id: UserId,
    /// The last entry that has reached a device.
    pub seq: i64,
}

/// The text is constant for any number of marks, so that the statement stays prepared.
const ADVANCE_PG: &str = "INSERT INTO chatoxide.delivery_marker (room_id, user_id, seq) \
    SELECT * FROM unnest($1, $2, $3) ON CONFLICT (room_id, user_id) \
    DO UPDATE SET seq = excluded.seq WHERE delivery_marker.seq < excluded.seq";

/// The marks are passed as JSON: `[[room, user, seq], ..]`.
const ADVANCE_LITE: &str = "INSERT INTO chatoxide_delivery_marker (room_id, user_id, seq) \
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1) WHERE true ON CONFLICT (room_id, user_id) \
    DO UPDATE SET seq = excluded.seq WHERE chatoxide_delivery_marker.seq < excluded.seq";

/// Moves the markers forward; a marker that is further already stays. Each user and room occurs once in `marks`.
pub async fn advance(db: &Db, mut marks: Vec<DeliveryMark>) -> Result<()> {
    // Sorted, so that two concurrent upserts cannot deadlock.
    marks.sort_by(|one, other| (&one.room_id, &one.user_id).cmp(&(&other.room_id, &other.user_id)));
    let work = Box::pin(async {
        match db {
            Db::Pg { pool, .. } => {
                let rooms: Vec<&str> = marks.iter().map(|mark| mark.room_id.as_str()).collect();
                let users: Vec<&str> = marks.iter().map(|mark| mark.user_id.as_str()).collect();
                let seqs: Vec<i64> = marks.iter().map(|mark| mark.seq).collect();
                on_lease!(twice writer db pool, connection => diesel::sql_query(ADVANCE_PG)
                    .bind::<Array<Text>, _>(&rooms)
                    .bind::<Array<Text>, _>(&users)
                    .bind::<Array<BigInt>, _>(&seqs)
                    .execute(&mut *connection)
                    .await
                    .map(drop)?)
            }
            Db::Lite { writer, .. } => {
                let rows = marks.iter().map(|mark| json!([mark.room_id, mark.user_id, mark.seq]));
                let rows = Value::from_iter(rows).to_string();
                on_lease!(once writer db writer, connection => diesel::sql_query(ADVANCE_LITE)
                    .bind::<Text, _>(rows)
                    .execute(&mut *connection)
                    .await
                    .map(drop)?)
            }
        }
    });
    db.within_timeout(work).await
}
