//! Reads fingerprints of the newest messages of rooms, of many rooms in one statement: enough to detect that another
//! program has changed them.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Array, BigInt, Nullable, Text},
    sqlite::SqliteConnection,
};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Db,
    ids::{RoomIdSql, is_uuid},
    moment::{Moment, MomentRow},
    on_lease,
    prepared::Prepared,
    types::JsonRow,
};
use crate::{
    chat::{
        Error, Result,
        id::{MessageId, RoomId, UserId},
        message::{MessageType, Place},
        timestamp::Timestamp,
    },
    protocol::MessageView,
};

/// A room whose fingerprints are read.
#[derive(Clone)]
pub struct Query {
    pub room_id: RoomId,
    /// The number of messages.
    pub limit: usize,
    /// The log is read from behind this entry on.
    pub after: i64,
    /// Users who are looked up, too: those who are in the room.
    pub users: Vec<UserId>,
}

/// Fingerprints of a room's newest messages, and the end of its log, read in one snapshot.
#[derive(Default)]
pub struct Fingerprints {
    /// The last entry of the room's log.
    pub seq: i64,
    /// The log has all that happened from this entry on.
    pub complete_from: i64,
    /// The message of the entry `after` of the [`Query`]; none if there is no such entry.
    pub last: Option<MessageId>,
    /// The users of the query who are not in the database.
    pub missing: Vec<UserId>,
    /// The messages of later entries.
    pub touched: Vec<MessageId>,
    /// Newest first.
    pub messages: Vec<Fingerprint>,
}

pub struct Fingerprint {
    pub place: Place,
    content: Content,
    kind: MessageType,
    metadata: Value,
    reply_to: Option<String>,
    updated_at: Option<Timestamp>,
    sender_name: String,
    /// User and emoji of each, sorted.
    reactions: Vec<(String, String)>,
}

enum Content {
    Text(String),
    /// SHA-256, in hexadecimal.
    Hash(String),
}

impl Fingerprint {
    /// True if this message has not changed since.
    pub fn is_of(&self, message: &MessageView) -> bool {
        let mut reactions: Vec<(&str, &str)> = message
            .reactions
            .iter()
            .map(|reaction| (reaction.user_id.as_str(), reaction.emoji.as_ref()))
            .collect();
        reactions.sort_unstable();
        let is_content = match &self.content {
            Content::Text(text) => *text == message.content,
            Content::Hash(hash) => *hash == hexadecimal(&Sha256::digest(message.content.as_bytes())),
        };
        is_content
            && self.kind == message.kind
            && is_same_json(&self.metadata, &message.metadata)
            && self.reply_to == message.reply_to
            && self.updated_at == message.updated_at
            && self.sender_name == *message.sender_name
            && self.reactions.iter().map(|(user, emoji)| (user.as_str(), emoji.as_str())).eq(reactions)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares JSON, ignoring how numbers are written, because JSONB normalises them.
pub fn is_same_json(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same_json(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| is_same_json(one, other)))
        }
        _ => one == other,
    }
}

#[derive(QueryableByName)]
struct Row {
    /// The place of the room among those that are read.
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    complete_from: i64,
    #[diesel(sql_type = Nullable<Text>)]
    last: Option<String>,
    /// A JSON array of ids.
    #[diesel(sql_type = Nullable<Text>)]
    touched: Option<String>,
    /// A JSON array of ids.
    #[diesel(sql_type = Nullable<Text>)]
    missing: Option<String>,
    /// None: the room has no messages.
    #[diesel(sql_type = Nullable<Text>)]
    id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    content: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    metadata: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reply_to: Option<String>,
    #[diesel(sql_type = Nullable<Moment>)]
    created_at: Option<MomentRow>,
    #[diesel(sql_type = Nullable<Moment>)]
    updated_at: Option<MomentRow>,
    #[diesel(sql_type = Nullable<Text>)]
    sender_name: Option<String>,
    /// A JSON array of pairs.
    #[diesel(sql_type = Nullable<Text>)]
    reactions: Option<String>,
}

/// Parameters: for each room its place, id, number of messages, entry, and users as JSON. OFFSET 0 keeps what a room has
/// once from being computed for each message. Columns have their tables, because a team's "User" may have columns of the
/// same names. A cast to TEXT strips the blanks that pad a CHAR(n); `concat` keeps them, as reading does.
const POSTGRES: &str = r#"
    SELECT room.place, log.*, message.*,
        (SELECT json_agg(json_build_array("userId", "emoji"))::text FROM "Reaction"
            WHERE "messageId" = message.key AND "id" IS NOT NULL AND "userId" IS NOT NULL AND "emoji" IS NOT NULL) AS reactions
    FROM unnest($1, $2, $3, $4, $5) AS room (place, id, most, after, users)
    CROSS JOIN LATERAL (
        SELECT coalesce((SELECT seq FROM chatoxide.room_head WHERE room_id = CAST(room.id AS TEXT)), 0) AS seq,
            coalesce((SELECT complete_from FROM chatoxide.room_head WHERE room_id = CAST(room.id AS TEXT)), 0) AS complete_from,
            (SELECT message_id FROM chatoxide.room_log WHERE room_id = CAST(room.id AS TEXT) AND seq = room.after) AS last,
            (SELECT json_agg(message_id)::text FROM chatoxide.room_log
                WHERE room_id = CAST(room.id AS TEXT) AND seq > room.after) AS touched,
            (SELECT json_agg(wanted.id)::text FROM json_array_elements_text(CAST(room.users AS JSON)) AS wanted (id)
                WHERE NOT EXISTS (SELECT FROM "User" WHERE "User"."id" = CAST(wanted.id AS /*user*/TEXT))) AS missing
        OFFSET 0
    ) AS log
    LEFT JOIN LATERAL (
        SELECT "Message"."id" AS key, "Message"."id"::text AS id, encode(sha256(convert_to(concat("Message"."content"), 'UTF8')), 'hex') AS content,
            "Message"."type"::text AS kind, "Message"."metadata"::text AS metadata, "Message"."replyTo"::text AS reply_to,
            "Message"."createdAt"::timestamp AS created_at, "Message"."updatedAt"::timestamp AS updated_at,
            CASE WHEN "User"."name" IS NULL THEN "User"."id"::text ELSE concat("User"."name") END AS sender_name
        FROM "Message" JOIN "User" ON "User"."id" = "Message"."senderId"
        WHERE "Message"."roomId" = room.id AND "Message"."createdAt" IS NOT NULL
        ORDER BY "Message"."createdAt" DESC, "Message"."id" DESC LIMIT room.most
    ) AS message ON true"#;

/// Reads one room: on SQLite a statement costs no round trip.
const SQLITE: &str = r#"
    SELECT ?1 AS place, coalesce((SELECT seq FROM chatoxide_room_head WHERE room_id = ?2), 0) AS seq,
        coalesce((SELECT complete_from FROM chatoxide_room_head WHERE room_id = ?2), 0) AS complete_from,
        (SELECT message_id FROM chatoxide_room_log WHERE room_id = ?2 AND seq = ?4) AS last,
        (SELECT json_group_array(message_id) FROM chatoxide_room_log WHERE room_id = ?2 AND seq > ?4) AS touched,
        (SELECT json_group_array(wanted.value) FROM json_each(?5) AS wanted
            WHERE NOT EXISTS (SELECT 1 FROM "User" WHERE "User"."id" = wanted.value)) AS missing,
        message.*,
        (SELECT json_group_array(json_array("userId", "emoji")) FROM "Reaction"
            WHERE "messageId" = message.id AND "id" IS NOT NULL AND "userId" IS NOT NULL AND "emoji" IS NOT NULL) AS reactions
    FROM (SELECT 1) AS one LEFT JOIN (
        SELECT "Message"."id" AS id, "Message"."content" AS content, "Message"."type" AS kind, "Message"."metadata" AS metadata,
            "Message"."replyTo" AS reply_to, "Message"."createdAt" AS created_at, "Message"."updatedAt" AS updated_at,
            coalesce("User"."name", "User"."id") AS sender_name
        FROM "Message" JOIN "User" ON "User"."id" = "Message"."senderId"
        WHERE "Message"."roomId" = ?2 AND "Message"."createdAt" IS NOT NULL
        ORDER BY "Message"."createdAt" DESC, "Message"."id" DESC LIMIT ?3
    ) AS message"#;

/// Reads the newest `limit` messages of a room, and its log entries after `after`.
pub async fn read(db: &Db, room_id: &RoomId, limit: usize, after: i64) -> Result<Fingerprints> {
    let query = Query { room_id: room_id.clone(), limit, after, users: Vec::new() };
    Ok(read_many(db, vec![query]).await?.pop().unwrap_or_default())
}

/// Reads the fingerprints of each of these rooms; on PostgreSQL in one statement.
pub async fn read_many(db: &Db, rooms: Vec<Query>) -> Result<Vec<Fingerprints>> {
    let mut found: Vec<Fingerprints> = rooms.iter().map(|_| Fingerprints::default()).collect();
    let rows = match db {
        Db::Pg { .. } => read_pg(db, &rooms).await?,
        Db::Lite { .. } => read_lite(db, rooms).await?,
    };
    for row in rows {
        let place = usize::try_from(row.place).ok();
        if let Some(found) = place.and_then(|place| found.get_mut(place)) {
            add_row(db, found, row)?;
        }
    }
    Ok(found)
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The users of a room as JSON. A user whose id is no UUID, where those of the database are, is not looked up.
fn users_of(query: &Query, has_uuids: bool) -> String {
    let users = query.users.iter().map(UserId::as_str).filter(|user| !has_uuids || is_uuid(user));
    serde_json::json!(users.collect::<Vec<_>>()).to_string()
}

async fn read_pg(db: &Db, rooms: &[Query]) -> Result<Vec<Row>> {
    let Db::Pg { pool, .. } = db else { return Ok(Vec::new()) };
    let facts = db.facts();
    let statement = facts.columns().adapt("User", POSTGRES).into_owned();
    let has_uuids = facts.id_types().users;
    let read = Box::pin(async {
        on_lease!(twice readers db pool, connection => Prepared(diesel::sql_query(&*statement)
            .bind::<Array<BigInt>, _>((0..).take(rooms.len()).collect::<Vec<i64>>())
            .bind::<Array<RoomIdSql>, _>(rooms.iter().map(|room| room.room_id.as_str()).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rooms.iter().map(|room| number(room.limit)).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(rooms.iter().map(|room| room.after).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(rooms.iter().map(|room| users_of(room, has_uuids)).collect::<Vec<_>>()))
            .load(&mut *connection)
            .await?)
    });
    db.within_timeout(read).await
}

/// One connection reads all of them, room by room.
async fn read_lite(db: &Db, rooms: Vec<Query>) -> Result<Vec<Row>> {
    use diesel::RunQueryDsl as Blocking;
    let Db::Lite { readers, .. } = db else { return Ok(Vec::new()) };
    let read_room = |c: &mut SqliteConnection, (place, room): (i64, &Query)| -> QueryResult<Vec<Row>> {
        let query = diesel::sql_query(SQLITE)
            .bind::<BigInt, _>(place)
            .bind::<RoomIdSql, _>(room.room_id.as_str())
            .bind::<BigInt, _>(number(room.limit))
            .bind::<BigInt, _>(room.after)
            .bind::<Text, _>(users_of(room, false));
        Blocking::load(Prepared(query), c)
    };
    let read_all = move |c: &mut SqliteConnection| {
        let rows = (0..).zip(&rooms).map(|room| read_room(c, room));
        rows.collect::<QueryResult<Vec<_>>>().map(|rows| rows.into_iter().flatten().collect())
    };
    let read = Box::pin(async {
        on_lease!(once readers db readers, connection => connection.spawn_blocking(read_all).await?)
    });
    db.within_timeout(read).await
}

/// Parses a JSON array, which is NULL if it is empty.
fn list_in<T: serde::de::DeserializeOwned>(text: Option<&str>) -> Result<Vec<T>> {
    serde_json::from_str(text.unwrap_or("[]"))
        .map_err(|error| Error::Internal(format!("fingerprints of a room: {error}")))
}

/// Adds a row to what was found of its room. Each row has what the room has once.
fn add_row(db: &Db, found: &mut Fingerprints, row: Row) -> Result<()> {
    if found.messages.is_empty() {
        (found.seq, found.complete_from) = (row.seq, row.complete_from);
        found.last = row.last.map(MessageId::from);
        found.touched = list_in::<String>(row.touched.as_deref())?.into_iter().map(MessageId::from).collect();
        found.missing = list_in::<String>(row.missing.as_deref())?.into_iter().map(UserId::from).collect();
    }
    let Some(id) = row.id else { return Ok(()) };
    let is_hashed = matches!(db, Db::Pg { .. });
    let is_required = db.facts().columns().requires_updated_at("Message");
    let at = row.created_at.map_or(Timestamp::from_millis(0), Timestamp::from);
    let content = row.content.unwrap_or_default();
    let mut reactions: Vec<(String, String)> = list_in(row.reactions.as_deref())?;
    reactions.sort_unstable();
    found.messages.push(Fingerprint {
        place: Place { at, id: id.into() },
        content: if is_hashed { Content::Hash(content) } else { Content::Text(content) },
        kind: row.kind.map_or_else(MessageType::default, |label| MessageType::from_label(&label)),
        metadata: row.metadata.map_or_else(JsonRow::default, |text| JsonRow::parse(text.as_bytes())).0,
        reply_to: row.reply_to,
        updated_at: row
            .updated_at
            .map(Timestamp::from)
            .filter(|updated_at| !is_required || *updated_at != at),
        sender_name: row.sender_name.unwrap_or_default(),
        reactions,
    });
    Ok(())
}
