//! Reads a user's list of rooms: `Room`, `_RoomMembers`, `Message` and our `read_marker`, joined.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text},
};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{
    Db,
    ids::{Id, RoomIdSql, UserIdSql},
    moment::{Moment, MomentRow, TimeFormat},
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
        timestamp::Timestamp,
    },
    protocol::MemberView,
};

/// A room's last message and unread count, as one user sees them.
pub struct Activity {
    pub last_message_at: Option<Timestamp>,
    /// The number of unread messages by others, counted among the next 300. 99 means 99 or more.
    pub unread: i64,
}

/// The rooms of a user; `$heads` is our table of heads.
macro_rules! list_of_user {
    ($heads:literal) => {
        concat!(
            r#"SELECT "Room"."id", "name", "type" AS kind, "createdAt" AS created_at
    FROM "Room" JOIN "_RoomMembers" ON "A" = "Room"."id"
    LEFT JOIN "#,
            $heads,
            r#" AS head ON head.room_id = CAST("Room"."id" AS TEXT)
    WHERE "B" = $1 ORDER BY head.at IS NULL, head.at DESC, "createdAt" DESC LIMIT $2"#
        )
    };
}

const LIST_PG: &str = list_of_user!("chatoxide.room_head");
const LIST_LITE: &str = list_of_user!("chatoxide_room_head");

/// Returns the rooms that a user is in; if there are more than `limit`, the most recently active ones.
pub async fn list_of_user(db: &Db, user_id: &UserId, limit: i64) -> Result<Vec<Room>> {
    let list = if matches!(db, Db::Pg { .. }) { LIST_PG } else { LIST_LITE };
    let rows: Vec<RoomRow> = on!(db.readers, c => Prepared(diesel::sql_query(list)
        .bind::<UserIdSql, _>(user_id.as_str())
        .bind::<BigInt, _>(limit))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(Room::from).collect())
}

/// Returns the public rooms; if there are more than `limit`, the newest ones.
pub async fn list_public(db: &Db, limit: i64) -> Result<Vec<Room>> {
    let is_public = db.facts().columns().room_type.condition("\"type\"", "public");
    let list = format!(
        "SELECT \"id\", \"name\", \"type\" AS kind, \"createdAt\" AS created_at FROM \"Room\" WHERE {is_public} \
         ORDER BY \"createdAt\" DESC, \"id\" LIMIT $1"
    );
    let rows: Vec<RoomRow> = on!(db.readers, c => Prepared(diesel::sql_query(&list).bind::<BigInt, _>(limit))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(Room::from).collect())
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

#[derive(QueryableByName)]
struct ActivityRow {
    #[diesel(sql_type = RoomIdSql)]
    room_id: String,
    #[diesel(sql_type = Nullable<Moment>)]
    last_message_at: Option<MomentRow>,
    #[diesel(sql_type = BigInt)]
    unread: i64,
}

/// Both look-ups use the index on room and time, whatever a room holds, and stop at the 99th message of others. Within
/// the millisecond of the read mark, the messages with later log entries are unread. A room that the user is not in and
/// has never read has nothing unread.
const ACTIVITY_PG: &str = r#"
    SELECT room.id AS room_id,
        (SELECT "createdAt" FROM "Message" WHERE "roomId" = room.id AND "createdAt" IS NOT NULL
            ORDER BY "createdAt" DESC LIMIT 1) AS last_message_at,
        CASE WHEN room.is_member OR marker.at IS NOT NULL THEN
            (SELECT count(*) FROM (SELECT FROM (
                SELECT "senderId" FROM "Message" AS m
                WHERE "roomId" = room.id AND "createdAt" >= coalesce(marker.at, '-infinity')
                    AND ("createdAt" IS DISTINCT FROM marker.at OR EXISTS (
                        SELECT FROM chatoxide.room_log AS entry
                        WHERE entry.room_id = CAST(room.id AS TEXT) AND entry.message_id = CAST(m."id" AS TEXT)
                            AND entry.seq > marker.seq AND entry.seq <= marker.seq + 300
                    ))
                ORDER BY "createdAt" LIMIT 300
            ) AS next WHERE next."senderId" <> $3 LIMIT 99) AS of_others)
        ELSE 0 END AS unread
    FROM unnest($1, $2) AS room (id, is_member)
    LEFT JOIN chatoxide.read_marker AS marker
        ON marker.room_id = CAST(room.id AS TEXT) AND marker.user_id = CAST($3 AS TEXT)"#;

/// The variant without an index on a room's newest messages: it scans the table once for all rooms, not once for each.
const ACTIVITY_BY_SCAN: &str = r#"
    SELECT room.id AS room_id, newest.last_message_at,
        CASE WHEN room.is_member OR marker.at IS NOT NULL THEN least(coalesce(newest.unread, 0), 99) ELSE 0 END AS unread
    FROM unnest($1, $2) AS room (id, is_member)
    LEFT JOIN chatoxide.read_marker AS marker
        ON marker.room_id = CAST(room.id AS TEXT) AND marker.user_id = CAST($3 AS TEXT)
    LEFT JOIN (
        SELECT m."roomId" AS room_id, max(m."createdAt") AS last_message_at,
            count(*) FILTER (WHERE m."senderId" <> $3 AND m."createdAt" >= coalesce(marker.at, '-infinity')
                AND (m."createdAt" IS DISTINCT FROM marker.at OR EXISTS (
                    SELECT FROM chatoxide.room_log AS entry
                    WHERE entry.room_id = CAST(m."roomId" AS TEXT) AND entry.message_id = CAST(m."id" AS TEXT)
                        AND entry.seq > marker.seq AND entry.seq <= marker.seq + 300
                ))) AS unread
        FROM "Message" AS m
        LEFT JOIN chatoxide.read_marker AS marker
            ON marker.room_id = CAST(m."roomId" AS TEXT) AND marker.user_id = CAST($3 AS TEXT)
        WHERE m."roomId" = ANY($1)
        GROUP BY m."roomId"
    ) AS newest ON newest.room_id = room.id"#;

/// The rooms are passed as JSON: `[[id, is member], ..]`. `marker_at` is replaced by the time of the read mark in the
/// format of the messages' times.
const ACTIVITY_LITE: &str = r#"
    SELECT room.value ->> 0 AS room_id,
        (SELECT "createdAt" FROM "Message" WHERE "roomId" = room.value ->> 0 ORDER BY "createdAt" DESC LIMIT 1)
            AS last_message_at,
        CASE WHEN room.value ->> 1 OR marker.at IS NOT NULL THEN
            (SELECT count(*) FROM (SELECT 1 FROM (
                SELECT "senderId" FROM "Message" AS m
                WHERE "roomId" = room.value ->> 0 AND "createdAt" >= coalesce(marker_at, '')
                    AND ("createdAt" IS NOT marker_at OR EXISTS (
                        SELECT 1 FROM chatoxide_room_log AS entry
                        WHERE entry.room_id = room.value ->> 0 AND entry.message_id = m."id"
                            AND entry.seq > marker.seq AND entry.seq <= marker.seq + 300
                    ))
                ORDER BY "createdAt" LIMIT 300
            ) AS next WHERE next."senderId" <> ?2 LIMIT 99) AS of_others)
        ELSE 0 END AS unread
    FROM json_each(?1) AS room
    LEFT JOIN chatoxide_read_marker AS marker ON marker.room_id = room.value ->> 0 AND marker.user_id = ?2"#;

/// The activity of each of these rooms; the flag says whether the user is a member.
pub async fn list_activity(
    db: &Db,
    user_id: &UserId,
    of: &[(RoomId, bool)],
) -> Result<HashMap<RoomId, Activity>> {
    let rows: Vec<ActivityRow> = match db {
        Db::Pg { pool, .. } => {
            let (ids, are_members): (Vec<&str>, Vec<bool>) =
                of.iter().map(|(id, is_member)| (id.as_str(), *is_member)).unzip();
            let text = if db.facts().lacks_index() { ACTIVITY_BY_SCAN } else { ACTIVITY_PG };
            db.within_timeout(async {
                on_lease!(twice readers db pool, connection => Prepared(diesel::sql_query(text)
                    .bind::<Array<RoomIdSql>, _>(&ids)
                    .bind::<Array<Bool>, _>(&are_members)
                    .bind::<UserIdSql, _>(user_id.as_str()))
                    .load(&mut *connection)
                    .await?)
            })
            .await?
        }
        Db::Lite { readers, .. } => {
            let of = of.iter().map(|(id, is_member)| json!([id, is_member]));
            let of = Value::from_iter(of).to_string();
            let format = db.facts().columns().time_format;
            let never = if format == TimeFormat::Millis { "-1e18" } else { "''" };
            let list = ACTIVITY_LITE.replace("marker_at, ''", &format!("marker_at, {never}"));
            let list = list.replace("marker_at", &format.of_own("marker.at"));
            db.within_timeout(async {
                on_lease!(once readers db readers, connection => diesel::sql_query(&list)
                    .bind::<Text, _>(of)
                    .bind::<Text, _>(user_id.to_string())
                    .load(&mut *connection)
                    .await?)
            })
            .await?
        }
    };
    let activity = |row: ActivityRow| {
        let last_message_at = row.last_message_at.map(Timestamp::from);
        (row.room_id.into(), Activity { last_message_at, unread: row.unread })
    };
    Ok(rows.into_iter().map(activity).collect())
}
