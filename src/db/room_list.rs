//! Reads a user's list of rooms: `Room`, `_RoomMembers` and our `room_head`, joined.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text},
};
use diesel_async::RunQueryDsl;

use super::{
    Db,
    ids::{Id, RoomIdSql, UserIdSql},
    on, on_lease,
    prepared::Prepared,
    rooms::{Room, RoomRow},
    schema::{room_members, users},
    users::{MemberRow, member_view},
};
use crate::{
    chat::{
        Result,
        id::{RoomId, UserId},
    },
    protocol::MemberView,
};

/// A room with its topic.
#[derive(Clone)]
pub struct RoomWithTopic {
    pub room: Room,
    pub topic: Option<String>,
}

#[derive(QueryableByName)]
struct TopicRow {
    #[diesel(embed)]
    room: RoomRow,
    #[diesel(sql_type = Nullable<Text>)]
    topic: Option<String>,
}

impl From<TopicRow> for RoomWithTopic {
    fn from(row: TopicRow) -> Self {
        Self { room: row.room.into(), topic: row.topic }
    }
}

/// The topic of a room in a statement; `$details` is our table.
macro_rules! topic {
    ($details:literal) => {
        concat!(
            "(SELECT topic FROM ",
            $details,
            r#" AS detail WHERE detail.room_id = CAST("Room"."id" AS TEXT)) AS topic"#
        )
    };
}

const TOPIC_PG: &str = topic!("chatoxide.room_detail");
const TOPIC_LITE: &str = topic!("chatoxide_room_detail");

/// The rooms of a user; `$heads` and `$details` are our tables.
macro_rules! list_of_user {
    ($heads:literal, $details:literal) => {
        concat!(
            r#"SELECT "Room"."id", "name", "type" AS kind, "createdAt" AS created_at, "#,
            topic!($details),
            r#"
    FROM "Room" JOIN "_RoomMembers" ON "A" = "Room"."id"
    LEFT JOIN "#,
            $heads,
            r#" AS head ON head.room_id = CAST("Room"."id" AS TEXT)
    WHERE "B" = $1 ORDER BY head.at IS NULL, head.at DESC, "createdAt" DESC LIMIT $2"#
        )
    };
}

const LIST_PG: &str = list_of_user!("chatoxide.room_head", "chatoxide.room_detail");
const LIST_LITE: &str = list_of_user!("chatoxide_room_head", "chatoxide_room_detail");

/// Returns the rooms that a user is in; if there are more than `limit`, the most recently active ones.
pub async fn list_of_user(db: &Db, user_id: &UserId, limit: i64) -> Result<Vec<RoomWithTopic>> {
    let list = if matches!(db, Db::Pg { .. }) { LIST_PG } else { LIST_LITE };
    let rows: Vec<TopicRow> = on!(db.readers, c => Prepared(diesel::sql_query(list)
        .bind::<UserIdSql, _>(user_id.as_str())
        .bind::<BigInt, _>(limit))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(RoomWithTopic::from).collect())
}

/// Returns the public rooms; if there are more than `limit`, the newest ones.
pub async fn list_public(db: &Db, limit: i64) -> Result<Vec<RoomWithTopic>> {
    let topic = if matches!(db, Db::Pg { .. }) { TOPIC_PG } else { TOPIC_LITE };
    let is_public = db.facts().columns().room_type.condition("\"type\"", "public");
    let list = format!(
        "SELECT \"id\", \"name\", \"type\" AS kind, \"createdAt\" AS created_at, {topic} FROM \"Room\" WHERE {is_public} \
         ORDER BY \"createdAt\" DESC, \"id\" LIMIT $1"
    );
    let rows: Vec<TopicRow> = on!(db.readers, c => Prepared(diesel::sql_query(&list).bind::<BigInt, _>(limit))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(RoomWithTopic::from).collect())
}

#[derive(QueryableByName)]
struct PartnerRow {
    #[diesel(sql_type = RoomIdSql)]
    room_id: String,
    #[diesel(embed)]
    partner: MemberRow,
}

/// LATERAL makes PostgreSQL read room by room. By its statistics of rooms in general, which may be large, it would read
/// all users instead.
const PARTNERS_PG: &str = r#"
    SELECT room.id AS room_id, partner.* FROM unnest($1) AS room (id)
    CROSS JOIN LATERAL (
        SELECT "User"."id", "name", "avatar" FROM "_RoomMembers" JOIN "User" ON "User"."id" = "B"
        WHERE "A" = room.id AND "B" <> $2 ORDER BY "B" LIMIT 1
    ) AS partner"#;

/// The other member of each of these direct rooms.
pub async fn list_partners(db: &Db, user_id: &UserId, ids: &[RoomId]) -> Result<HashMap<RoomId, MemberView>> {
    let ids: Vec<&str> = ids.iter().map(RoomId::as_str).collect();
    let rows: Vec<(String, MemberView)> = match db {
        Db::Pg { pool, .. } => {
            let load = Box::pin(async {
                on_lease!(twice readers db pool, connection => Prepared(diesel::sql_query(PARTNERS_PG)
                    .bind::<Array<RoomIdSql>, _>(&ids)
                    .bind::<UserIdSql, _>(user_id.as_str()))
                    .load::<PartnerRow>(&mut *connection)
                    .await?)
            });
            let rows = db.within_timeout(load).await?;
            rows.into_iter().map(|row| (row.room_id, row.partner.into())).collect()
        }
        Db::Lite { .. } => {
            let rows: Vec<(String, String, Option<String>, Option<String>)> = on!(db.readers, c => room_members::table
                .inner_join(users::table)
                .filter(room_members::room_id.eq_any(ids.iter().map(|id| Id(id))))
                .filter(users::id.ne(Id(user_id.as_str())))
                .select((room_members::room_id, users::id, users::name, users::avatar))
                .load(c)
                .await?)?;
            let partner = |(room_id, id, name, avatar)| (room_id, member_view((id, name, avatar)));
            rows.into_iter().map(partner).collect()
        }
    };
    Ok(rows.into_iter().map(|(room_id, partner)| (room_id.into(), partner)).collect())
}
