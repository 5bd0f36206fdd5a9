//! The fast path: appends new messages on PostgreSQL in a single statement (heads, rows and log entries), for rooms
//! whose head is known from the last append, or from when the room was loaded. If a head is not as expected, nothing is
//! written, and the caller takes the slow path.
//!
//! Each statement is a prepared statement and bypasses diesel. On a server that is not busy it runs once for each
//! message, and diesel would build its text each time and serialise its parameters twice.

use std::sync::Arc;

use tokio_postgres::{
    Statement,
    types::{ToSql, Type},
};

use super::{
    batch::{AppendBatch, Head, LogEntry},
    kind,
};
use crate::{
    chat::id::RoomId,
    db::{
        columns::Columns,
        direct::{Direct, DirectClient},
    },
    protocol::MessageView,
};

// Where a trigger keeps a message from being stored, the statement divides by zero and so is rolled back. The slow path
// then reports the reason.

/// Appends a single message: a simpler statement, which costs PostgreSQL less.
const APPEND_ONE: &str = r#"
    WITH advanced AS (
        UPDATE chatoxide.room_head SET seq = $4, at = $2 WHERE room_id = $1 AND seq = $3 RETURNING 1
    ), written AS (
        INSERT INTO "Message" ("id", "roomId", "senderId", "content", "type", "metadata", "replyTo", "createdAt"/*, "updatedAt"*/)
        SELECT CAST($5 AS /*message*/TEXT), CAST($1 AS /*room*/TEXT), CAST($6 AS /*user*/TEXT), $7,
            CAST($8 AS "MessageType"), CAST($9 AS JSONB), CAST($10 AS /*reply*/TEXT), $2/*, $2*/ FROM advanced RETURNING 1
    )
    INSERT INTO chatoxide.room_log (room_id, seq, kind, message_id, actor_id, client_id, body, at)
    SELECT $1, $4, $11, $5, $6, $12, $13, $2 FROM advanced
    WHERE 1 / (CASE WHEN (SELECT count(*) FROM written) = (SELECT count(*) FROM advanced) THEN 1 ELSE 0 END) = 1"#;

const ONE: [Type; 13] = [
    Type::TEXT,
    Type::TIMESTAMP,
    Type::INT8,
    Type::INT8,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
];

/// Several messages, in columns. Row locks are taken in the byte order of the room ids, as everywhere. A head that
/// another node has advanced meanwhile is not locked.
const APPEND_MANY: &str = r#"
    WITH expected (room_id, found, seq, at) AS (
        SELECT * FROM unnest($1, $2, $3, $4)
    ), locked AS (
        SELECT head.room_id FROM chatoxide.room_head head JOIN expected USING (room_id)
        WHERE head.seq = expected.found ORDER BY head.room_id COLLATE "C" FOR UPDATE OF head
    ), verdict AS (
        SELECT (SELECT count(*) FROM locked) = (SELECT count(*) FROM expected) AS agreed
    ), advanced AS (
        UPDATE chatoxide.room_head head SET seq = expected.seq, at = expected.at
        FROM expected, verdict WHERE head.room_id = expected.room_id AND agreed RETURNING 1
    ), row (id, room_id, sender_id, content, kind, metadata, reply_to, at, seq, client_id, body) AS (
        SELECT row.* FROM verdict, unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS row WHERE agreed
    ), written AS (
        INSERT INTO "Message" ("id", "roomId", "senderId", "content", "type", "metadata", "replyTo", "createdAt"/*, "updatedAt"*/)
        SELECT CAST(id AS /*message*/TEXT), CAST(room_id AS /*room*/TEXT), CAST(sender_id AS /*user*/TEXT), content,
            CAST(kind AS "MessageType"), CAST(metadata AS JSONB), CAST(reply_to AS /*reply*/TEXT), at/*, at*/ FROM row
        RETURNING 1
    )
    INSERT INTO chatoxide.room_log (room_id, seq, kind, message_id, actor_id, client_id, body, at)
    SELECT room_id, seq, $16, id, sender_id, client_id, body, at FROM row
    WHERE 1 / (CASE WHEN (SELECT count(*) FROM written) = (SELECT count(*) FROM row) THEN 1 ELSE 0 END) = 1"#;

const MANY: [Type; 16] = [
    Type::TEXT_ARRAY,
    Type::INT8_ARRAY,
    Type::INT8_ARRAY,
    Type::TIMESTAMP_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TIMESTAMP_ARRAY,
    Type::INT8_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT,
];

type Parameter<'a> = &'a (dyn ToSql + Sync);

/// A connection with the prepared statements.
pub(super) struct Connection {
    client: DirectClient,
    one: Statement,
    many: Statement,
    /// The columns that the statements were prepared for.
    columns: Arc<Columns>,
}

impl Connection {
    pub(super) async fn open(direct: &Direct, columns: Arc<Columns>) -> Result<Self, tokio_postgres::Error> {
        let client = direct.connect().await?;
        // They are prepared one after the other: where a table is locked, the first would be cancelled and the second
        // wait on.
        let one = client.prepare(&columns.adapt("Message", APPEND_ONE), &ONE).await?;
        let many = client.prepare(&columns.adapt("Message", APPEND_MANY), &MANY).await?;
        Ok(Self { client, one, many, columns })
    }

    pub(super) fn client(&self) -> &DirectClient {
        &self.client
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// False if the columns have been found to differ since.
    pub(super) fn is_for(&self, columns: &Arc<Columns>) -> bool {
        Arc::ptr_eq(&self.columns, columns)
    }

    /// Writes the batch; returns false, with nothing written, if a head was not as the batch expects it.
    pub(super) async fn write(&self, batch: &AppendBatch) -> Result<bool, tokio_postgres::Error> {
        let mut heads: Vec<_> = batch.heads.iter().filter(|(_, head)| head.advanced).collect();
        let written = match (heads.as_slice(), batch.rows.messages.inserted(), batch.log.as_slice()) {
            ([], ..) => 0,
            ([(_, head)], [message], [entry]) => self.write_one(head.found, message, entry).await?,
            _ => {
                heads.sort_by_key(|(room_id, _)| *room_id);
                self.write_many(&heads, batch.rows.messages.inserted(), &batch.log).await?
            }
        };
        Ok(usize::try_from(written) == Ok(batch.log.len()))
    }

    async fn write_one(
        &self,
        found: i64,
        message: &MessageView,
        entry: &LogEntry,
    ) -> Result<u64, tokio_postgres::Error> {
        let parameters: [Parameter<'_>; ONE.len()] = [
            &entry.room_id.as_str(),
            &entry.at,
            &found,
            &entry.seq,
            &entry.message_text(),
            &entry.actor_id.as_str(),
            &message.content,
            &self.columns.message_type.spell(message.kind.as_str()),
            &message.metadata.to_string(),
            &message.reply_to,
            &entry.kind.name,
            &entry.client_id,
            &entry.body,
        ];
        self.client.execute(&self.one, &parameters).await
    }

    async fn write_many(
        &self,
        heads: &[(&RoomId, &Head)],
        messages: &[Arc<MessageView>],
        log: &[LogEntry],
    ) -> Result<u64, tokio_postgres::Error> {
        // Each message has exactly one log entry.
        let parameters: [Parameter<'_>; MANY.len()] = [
            &column(heads, |(room_id, _)| room_id.as_str()),
            &column(heads, |(_, head)| head.found),
            &column(heads, |(_, head)| head.seq),
            &column(heads, |(_, head)| head.at),
            &column(log, |entry| entry.message_text()),
            &column(log, |entry| entry.room_id.as_str()),
            &column(log, |entry| entry.actor_id.as_str()),
            &column(messages, |message| message.content.as_str()),
            &column(messages, |message| self.columns.message_type.spell(message.kind.as_str())),
            &column(messages, |message| message.metadata.to_string()),
            &column(messages, |message| message.reply_to.as_deref()),
            &column(log, |entry| entry.at),
            &column(log, |entry| entry.seq),
            &column(log, |entry| entry.client_id.as_deref()),
            &column(log, |entry| entry.body.as_deref()),
            &kind::NEW,
        ];
        self.client.execute(&self.many, &parameters).await
    }
}

fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
