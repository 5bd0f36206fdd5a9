//! The sizes of the messages of a page, so that a page of large messages is not read as a whole.

use diesel::{dsl::sql, prelude::*, sql_types::BigInt};
use diesel_async::RunQueryDsl;

use super::{
    Db,
    ids::Id,
    on,
    schema::{messages, users},
};
use crate::chat::{Result, id::RoomId, message::Place, timestamp::Timestamp};

/// The size of a message: its content and its metadata, in bytes.
const SIZE_PG: &str = r#"CAST(coalesce(octet_length("Message"."content"), 0)
    + coalesce(octet_length(CAST("Message"."metadata" AS TEXT)), 0) AS BIGINT)"#;
const SIZE_LITE: &str = r#"coalesce(length(CAST("Message"."content" AS BLOB)), 0)
    + coalesce(length(CAST("Message"."metadata" AS BLOB)), 0)"#;

/// The messages on one side of a place in a room's history, from there on.
#[derive(Clone, Copy)]
pub enum Side<'a> {
    Older(&'a Place),
    Newer(&'a Place),
}

/// Counts the messages on a side that fit these bytes, at most `limit`.
pub async fn count_within(
    db: &Db,
    room_id: &RoomId,
    side: Side<'_>,
    limit: usize,
    bytes: usize,
) -> Result<usize> {
    let columns = db.facts().columns();
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let size = if matches!(db, Db::Pg { .. }) { SIZE_PG } else { SIZE_LITE };
    let sizes: Vec<i64> = match side {
        // The conditions are those of `messages::list_older` and `list_newer`.
        Side::Older(place) => {
            let at = columns.moment(place.at.naive());
            let next = Timestamp::from_millis(place.at.millis().saturating_add(1)).naive();
            let next = columns.moment(next);
            on!(db.readers, c => messages::table
                .inner_join(users::table)
                .filter(messages::room_id.eq(Id(room_id.as_str())))
                .filter(messages::created_at.lt(next)
                    .and(messages::created_at.lt(at).or(messages::id.lt(Id(place.id.as_str())))))
                .order((messages::created_at.desc(), messages::id.desc()))
                .select(sql::<BigInt>(size))
                .limit(most)
                .load(c)
                .await?)?
        }
        Side::Newer(place) => {
            let at = columns.moment(place.at.naive());
            let before = Timestamp::from_millis(place.at.millis().saturating_sub(1)).naive();
            let before = columns.moment(before);
            on!(db.readers, c => messages::table
                .inner_join(users::table)
                .filter(messages::room_id.eq(Id(room_id.as_str())))
                .filter(messages::created_at.gt(before)
                    .and(messages::created_at.gt(at).or(messages::id.gt(Id(place.id.as_str())))))
                .order((messages::created_at.asc(), messages::id.asc()))
                .select(sql::<BigInt>(size))
                .limit(most)
                .load(c)
                .await?)?
        }
    };
    let mut sum = 0_usize;
    let is_within = |size: &&i64| {
        sum = sum.saturating_add(usize::try_from(**size).unwrap_or(0));
        sum <= bytes
    };
    Ok(sizes.iter().take_while(is_within).count())
}
