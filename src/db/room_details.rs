//! Our table `room_detail`: the topic of a room, and the user who created it. The log writes topics (`room_log/rows/rooms.rs`).

use diesel::{
    prelude::*,
    sql_types::{Nullable, Text},
};
use diesel_async::RunQueryDsl;

use super::{
    Db,
    ids::RoomIdSql,
    on,
    prepared::Prepared,
    rooms::{Room, RoomRow},
};
use crate::chat::{
    Result,
    id::{RoomId, UserId},
};

/// A room with its details.
pub struct DetailedRoom {
    pub room: Room,
    pub topic: Option<String>,
    /// None if nobody recorded who created the room.
    pub owner_id: Option<UserId>,
}

#[derive(QueryableByName)]
struct DetailedRow {
    #[diesel(embed)]
    room: RoomRow,
    #[diesel(sql_type = Nullable<Text>)]
    topic: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    owner_id: Option<String>,
}

/// A room by its id; `$details` is our table.
macro_rules! find {
    ($details:literal) => {
        concat!(
            r#"SELECT "Room"."id", "name", "type" AS kind, "createdAt" AS created_at, detail.topic, detail.owner_id
    FROM "Room" LEFT JOIN "#,
            $details,
            r#" AS detail ON detail.room_id = CAST("Room"."id" AS TEXT) WHERE "Room"."id" = $1"#
        )
    };
}

const FIND_PG: &str = find!("chatoxide.room_detail");
const FIND_LITE: &str = find!("chatoxide_room_detail");

pub async fn find_room(db: &Db, room_id: &RoomId) -> Result<Option<DetailedRoom>> {
    let find = if matches!(db, Db::Pg { .. }) { FIND_PG } else { FIND_LITE };
    let found: Option<DetailedRow> = on!(db.readers, c => Prepared(diesel::sql_query(find)
        .bind::<RoomIdSql, _>(room_id.as_str()))
        .get_result(c)
        .await
        .optional()?)?;
    Ok(found.map(|row| DetailedRoom {
        room: row.room.into(),
        topic: row.topic,
        owner_id: row.owner_id.map(UserId::from),
    }))
}
