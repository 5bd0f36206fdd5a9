//! Reads fingerprints of a room's newest messages in one statement: enough to detect that another program has changed
//! them.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Db,
    ids::RoomIdSql,
    moment::{Moment, MomentRow},
    on,
    prepared::Prepared,
    types::JsonRow,
};
use crate::{
    chat::{
        Error, Result,
        id::{MessageId, RoomId},
        message::{MessageType, Place},
        timestamp::Timestamp,
    },
    protocol::MessageView,
};

/// Fingerprints of a room's newest messages, and the end of its log, read in one snapshot.
pub struct Fingerprints {
    /// The last entry of the room's log.
    pub seq: i64,
    /// The message of the entry `after` that was passed to [`read`]; none if there is no such entry.
    pub last: Option<MessageId>,
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
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<Text>)]
    last: Option<String>,
    /// A JSON array of ids.
    #[diesel(sql_type = Nullable<Text>)]
    touched: Option<String>,
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

/// Parameters: room, number of messages, entry. A cast to TEXT strips the blanks that pad a CHAR(n); `concat` keeps
/// them, as reading does.
const POSTGRES: &str = r#"
    SELECT coalesce((SELECT seq FROM chatoxide.room_head WHERE room_id = CAST($1 AS TEXT)), 0) AS seq,
        (SELECT message_id FROM chatoxide.room_log WHERE room_id = CAST($1 AS TEXT) AND seq = $3) AS last,
        (SELECT json_agg(message_id)::text FROM chatoxide.room_log WHERE room_id = CAST($1 AS TEXT) AND seq > $3) AS touched,
        message.*,
        (SELECT json_agg(json_build_array("userId", "emoji"))::text FROM "Reaction"
            WHERE "messageId" = message.key AND "id" IS NOT NULL AND "userId" IS NOT NULL AND "emoji" IS NOT NULL) AS reactions
    FROM (VALUES (1)) AS one LEFT JOIN LATERAL (
        SELECT "Message"."id" AS key, "Message"."id"::text AS id, encode(sha256(convert_to(concat("content"), 'UTF8')), 'hex') AS content,
            "type"::text AS kind, "metadata"::text AS metadata, "replyTo"::text AS reply_to,
            "Message"."createdAt"::timestamp AS created_at, "updatedAt"::timestamp AS updated_at,
            CASE WHEN "User"."name" IS NULL THEN "User"."id"::text ELSE concat("User"."name") END AS sender_name
        FROM "Message" JOIN "User" ON "User"."id" = "senderId"
        WHERE "roomId" = $1 AND "Message"."createdAt" IS NOT NULL
        ORDER BY "Message"."createdAt" DESC, "Message"."id" DESC LIMIT $2
    ) AS message ON true"#;

const SQLITE: &str = r#"
    SELECT coalesce((SELECT seq FROM chatoxide_room_head WHERE room_id = ?1), 0) AS seq,
        (SELECT message_id FROM chatoxide_room_log WHERE room_id = ?1 AND seq = ?3) AS last,
        (SELECT json_group_array(message_id) FROM chatoxide_room_log WHERE room_id = ?1 AND seq > ?3) AS touched,
        message.*,
        (SELECT json_group_array(json_array("userId", "emoji")) FROM "Reaction"
            WHERE "messageId" = message.id AND "id" IS NOT NULL AND "userId" IS NOT NULL AND "emoji" IS NOT NULL) AS reactions
    FROM (SELECT 1) AS one LEFT JOIN (
        SELECT "Message"."id" AS id, "content" AS content, "type" AS kind, "metadata" AS metadata, "replyTo" AS reply_to,
            "Message"."createdAt" AS created_at, "updatedAt" AS updated_at,
            coalesce("User"."name", "User"."id") AS sender_name
        FROM "Message" JOIN "User" ON "User"."id" = "senderId"
        WHERE "roomId" = ?1 AND "Message"."createdAt" IS NOT NULL
        ORDER BY "Message"."createdAt" DESC, "Message"."id" DESC LIMIT ?2
    ) AS message"#;

/// Reads the newest `limit` messages of a room, and its log entries after `after`.
pub async fn read(db: &Db, room_id: &RoomId, limit: usize, after: i64) -> Result<Fingerprints> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let is_hashed = matches!(db, Db::Pg { .. });
    let statement = if is_hashed { POSTGRES } else { SQLITE };
    let rows: Vec<Row> = on!(db.readers, c => Prepared(diesel::sql_query(statement)
        .bind::<RoomIdSql, _>(room_id.as_str())
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(after))
        .load(c)
        .await?)?;
    let unreadable = |error: serde_json::Error| Error::Internal(format!("fingerprints of a room: {error}"));
    let mut found = Fingerprints { seq: 0, last: None, touched: Vec::new(), messages: Vec::new() };
    if let [first, ..] = rows.as_slice() {
        found.seq = first.seq;
        found.last = first.last.as_deref().map(MessageId::from);
        if let Some(touched) = &first.touched {
            let touched: Vec<String> = serde_json::from_str(touched).map_err(unreadable)?;
            found.touched = touched.into_iter().map(MessageId::from).collect();
        }
    }
    let is_required = db.facts().columns().requires_updated_at("Message");
    for row in rows {
        let Some(id) = row.id else { continue };
        let at = row.created_at.map_or(Timestamp::from_millis(0), Timestamp::from);
        let content = row.content.unwrap_or_default();
        let reactions = row.reactions.as_deref().unwrap_or("[]");
        let mut reactions: Vec<(String, String)> = serde_json::from_str(reactions).map_err(unreadable)?;
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
    }
    Ok(found)
}
