//! Reads the newest messages of many rooms together, as lists in Redis hold them, without reactions.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text},
};
use diesel_async::RunQueryDsl;

use super::{Db, ids::RoomIdSql, messages::MessageRow, on_lease, room_log};
use crate::{
    chat::{Result, id::RoomId},
    protocol::MessageView,
};

/// A room's newest messages and the last log entry that they include, read in one snapshot.
pub struct ListTail {
    pub room_id: RoomId,
    /// None if there are no messages.
    pub seq: Option<i64>,
    /// Newest first.
    pub messages: Vec<MessageView>,
}

/// Estimates the bytes of a room's newest messages, without reading them.
const SIZES: &str = r#"
    SELECT room.id AS room_id, CAST((
        SELECT coalesce(sum(coalesce(octet_length(newest."content"), 0) + coalesce(pg_column_size(newest."metadata"), 0)), 0) FROM (
            SELECT "content", "metadata" FROM "Message" WHERE "roomId" = room.id
            ORDER BY "createdAt" DESC, "id" DESC LIMIT $2
        ) AS newest
    ) AS BIGINT) AS number FROM unnest($1) AS room (id)"#;

const NEWEST: &str = r#"
    SELECT coalesce(head.seq, 0) AS head, newest.* FROM unnest($1) AS room (id)
    LEFT JOIN chatoxide.room_head AS head ON head.room_id = CAST(room.id AS TEXT)
    CROSS JOIN LATERAL (
        SELECT message."id", message."roomId" AS room_id, message."senderId" AS sender_id, message."content",
            message."type" AS kind, message."metadata", message."replyTo" AS reply_to,
            message."createdAt" AS created_at, message."updatedAt" AS updated_at, CAST(NULL AS TEXT) AS thread,
            sender."name" AS sender_name
        FROM "Message" AS message JOIN "User" AS sender ON sender."id" = message."senderId"
        WHERE message."roomId" = room.id AND message."createdAt" IS NOT NULL
        ORDER BY message."createdAt" DESC, message."id" DESC LIMIT $2
    ) AS newest
    ORDER BY newest.room_id, newest.created_at DESC, newest.id DESC"#;

#[derive(QueryableByName)]
struct SizeRow {
    #[diesel(sql_type = RoomIdSql)]
    room_id: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct NewestRow {
    #[diesel(sql_type = BigInt)]
    head: i64,
    #[diesel(embed)]
    message: MessageRow,
    #[diesel(sql_type = Nullable<Text>)]
    sender_name: Option<String>,
}

/// Loads the newest `limit` messages of each of these rooms. If all would take more than `bytes`, it loads only the
/// first rooms, at least one. On PostgreSQL that takes two statements, however many rooms there are.
pub async fn load(db: &Db, rooms: &[RoomId], limit: usize, bytes: usize) -> Result<Vec<ListTail>> {
    match db {
        Db::Pg { .. } => load_pg(db, rooms, limit, bytes).await,
        Db::Lite { .. } => load_one_by_one(db, rooms, limit, bytes).await,
    }
}

async fn load_pg(db: &Db, rooms: &[RoomId], limit: usize, bytes: usize) -> Result<Vec<ListTail>> {
    let Db::Pg { pool, .. } = db else { return Ok(Vec::new()) };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ids = |rooms: &[RoomId]| rooms.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (sizes, rows) = db
        .within_timeout(Box::pin(async {
            on_lease!(twice readers db pool, connection => {
                let sizes: Vec<SizeRow> = diesel::sql_query(SIZES)
                    .bind::<Array<RoomIdSql>, _>(ids(rooms))
                    .bind::<BigInt, _>(limit)
                    .load(&mut *connection)
                    .await?;
                let first = count_within(rooms, &sizes, bytes);
                let rooms = rooms.get(..first).unwrap_or(rooms);
                let rows: Vec<NewestRow> = diesel::sql_query(NEWEST)
                    .bind::<Array<RoomIdSql>, _>(ids(rooms))
                    .bind::<BigInt, _>(limit)
                    .load(&mut *connection)
                    .await?;
                (first, rows)
            })
        }))
        .await?;
    let mut found: HashMap<String, (i64, Vec<MessageView>)> = HashMap::new();
    let columns = db.facts().columns();
    for NewestRow { head, message, sender_name } in rows {
        let (_, messages) = found.entry(message.room_id.clone()).or_insert_with(|| (head, Vec::new()));
        let name = sender_name.unwrap_or_else(|| message.sender_id.clone());
        messages.push(message.without_creation(&columns).into_view(name.into(), Vec::new()));
    }
    let tail = |room_id: &RoomId| {
        let (seq, messages) = found
            .remove(room_id.as_str())
            .map_or((None, Vec::new()), |(seq, messages)| (Some(seq), messages));
        ListTail { room_id: room_id.clone(), seq, messages }
    };
    Ok(rooms.iter().take(sizes).map(tail).collect())
}

/// Counts how many of the rooms, from the first on, fit into `bytes`; at least one.
fn count_within(rooms: &[RoomId], sizes: &[SizeRow], bytes: usize) -> usize {
    let sizes: HashMap<&str, i64> = sizes.iter().map(|row| (row.room_id.as_str(), row.number)).collect();
    let mut sum = 0;
    let within = rooms.iter().take_while(|room| {
        sum += sizes.get(room.as_str()).copied().unwrap_or(0);
        usize::try_from(sum).is_ok_and(|sum| sum <= bytes)
    });
    within.count().max(1)
}

/// Loads room by room: on SQLite a statement costs no round trip.
async fn load_one_by_one(db: &Db, rooms: &[RoomId], limit: usize, bytes: usize) -> Result<Vec<ListTail>> {
    let (mut tails, mut sum) = (Vec::new(), 0);
    for room_id in rooms {
        if sum > bytes {
            break;
        }
        let tail = room_log::load_tail(db, room_id, limit).await?;
        sum += tail.messages.iter().map(|message| message.content.len()).sum::<usize>();
        let seq = (!tail.messages.is_empty()).then_some(tail.seq);
        tails.push(ListTail { room_id: room_id.clone(), seq, messages: tail.messages });
    }
    Ok(tails)
}
