//! Rows of `Message` in the transaction of a batch.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{NaiveDateTime, TimeDelta};
use diesel::{QueryResult, prelude::*, sqlite::SqliteConnection};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{super::text_of, Write, ensure_written};
use crate::{
    chat::{
        Result,
        id::{MessageId, RoomId},
        timestamp::Timestamp,
    },
    db::{
        columns::Columns,
        error::KEPT_OUT,
        ids::Id,
        messages::MessageRow,
        room_log::session::Session,
        schema::messages,
        threads::{root_of, thread_pg},
        types::{JsonRow, MessageTypeRow},
    },
    protocol::MessageView,
};

/// The end of a statement that returns the messages `$from`, each as a [`StoredMessage`]; `$content` is their content,
/// or empty.
macro_rules! messages_as_json {
    ($content:expr, $from:literal) => {
        concat!(
            r#"
    SELECT CAST(json_agg(json_build_object(
        'id', "id", 'room_id', "roomId", 'sender_id', "senderId", "#,
            $content,
            r#"'kind', "type", 'metadata', CAST("metadata" AS TEXT), 'reply_to', "replyTo",
        'created_at', CAST(round(extract(epoch FROM date_trunc('milliseconds', "createdAt")) * 1000) AS BIGINT),
        'updated_at', CAST(round(extract(epoch FROM date_trunc('milliseconds', "updatedAt")) * 1000) AS BIGINT)
    )) AS TEXT) FROM "#,
            $from
        )
    };
}

/// Takes row locks on the messages, because other programs do not lock the log's heads. Foreign keys may still refer to
/// them. Their content is about to be replaced, so it is not read.
const LOCK: &str = concat!(
    r#"
    WITH locked AS (
        SELECT message.* FROM json_to_recordset(CAST($1 AS JSON)) AS wanted (id TEXT, room_id TEXT)
        JOIN "Message" AS message ON message."id" = CAST(wanted.id AS /*message*/TEXT)
            AND message."roomId" = CAST(wanted.room_id AS /*room*/TEXT)
        ORDER BY CAST(message."id" AS TEXT) COLLATE "C" FOR NO KEY UPDATE OF message
    )"#,
    messages_as_json!(concat!("'thread', ", thread_pg!("\"id\""), ", "), "locked")
);

const DELETE: &str = r#"
    WITH deleted AS (
        DELETE FROM "Message"
        WHERE "id" IN (SELECT CAST(json_array_elements_text(CAST($1 AS JSON)) AS /*message*/TEXT)) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM deleted"#;

const EDIT: &str = concat!(
    r#"
    WITH edited AS (
        UPDATE "Message" AS message SET "content" = edit.content, "updatedAt" = edit.at
        FROM json_to_recordset(CAST($1 AS JSON)) AS edit (id TEXT, content TEXT, at TIMESTAMP)
        WHERE message."id" = CAST(edit.id AS /*message*/TEXT) RETURNING message.*
    )"#,
    messages_as_json!(r#"'content', "content", "#, "edited")
);

const STORED: &str = messages_as_json!(
    r#"'content', "content", "#,
    r#""Message" WHERE "id" IN (SELECT CAST(json_array_elements_text(CAST($1 AS JSON)) AS /*message*/TEXT))"#
);

const INSERT: &str = r#"
    WITH written AS (
        INSERT INTO "Message" ("id", "roomId", "senderId", "content", "type", "metadata", "replyTo", "createdAt"/*, "updatedAt"*/)
        SELECT CAST(new.id AS /*message*/TEXT), CAST(new.room_id AS /*room*/TEXT), CAST(new.sender_id AS /*user*/TEXT),
            new.content, CAST(new.kind AS "MessageType"), CAST(new.metadata AS JSONB),
            CAST(new.reply_to AS /*reply*/TEXT), new.at/*, new.at*/
        FROM json_to_recordset(CAST($1 AS JSON)) AS new (
            id TEXT, room_id TEXT, sender_id TEXT, content TEXT, kind TEXT, metadata TEXT, reply_to TEXT, at TIMESTAMP
        ) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM written"#;

/// A message as PostgreSQL returns it in JSON; times in milliseconds.
#[derive(Deserialize)]
struct StoredMessage {
    id: String,
    room_id: String,
    sender_id: String,
    /// Not read where an edit is about to replace it.
    #[serde(default)]
    content: Option<String>,
    kind: MessageTypeRow,
    /// The text of the JSON.
    metadata: Option<String>,
    reply_to: Option<String>,
    #[serde(default)]
    created_at: Option<i64>,
    updated_at: Option<i64>,
    /// Read only with the lock.
    #[serde(default)]
    thread: Option<String>,
}

impl From<StoredMessage> for MessageRow {
    fn from(stored: StoredMessage) -> Self {
        Self {
            id: stored.id,
            room_id: stored.room_id,
            sender_id: stored.sender_id,
            content: stored.content.unwrap_or_default(),
            kind: stored.kind,
            metadata: stored.metadata.map_or_else(JsonRow::default, |text| JsonRow::parse(text.as_bytes())),
            reply_to: stored.reply_to,
            created_at: Timestamp::from_millis(stored.created_at.unwrap_or(0)).naive().into(),
            updated_at: stored.updated_at.map(|at| Timestamp::from_millis(at).naive().into()),
            thread: stored.thread,
        }
    }
}

async fn query_messages(
    session: &Session<'_>,
    sql: &'static str,
    document: &[Value],
) -> Result<Vec<MessageRow>> {
    let stored: Vec<StoredMessage> = session.query(sql, &document).await?;
    Ok(stored.into_iter().map(MessageRow::from).collect())
}

/// Reads messages back as the database has stored them.
pub(in super::super) async fn list_stored_pg(
    session: &Session<'_>,
    ids: &[Value],
) -> Result<Vec<MessageRow>> {
    query_messages(session, STORED, ids).await
}

/// Reads messages back as the database has stored them.
pub(in super::super) fn list_stored_sqlite<'a>(
    c: &mut SqliteConnection,
    ids: impl Iterator<Item = &'a str>,
) -> QueryResult<Vec<MessageRow>> {
    messages::table.filter(messages::id.eq_any(ids.map(Id))).select(MessageRow::as_select()).load(c)
}

/// The messages that a batch changes, with their rooms.
#[derive(Default)]
pub(in super::super) struct MessageNeeds(HashSet<(MessageId, RoomId)>);

impl MessageNeeds {
    pub(in super::super) fn add(&mut self, id: &MessageId, room_id: &RoomId) {
        self.0.insert((id.clone(), room_id.clone()));
    }
}

#[derive(Default)]
pub(in super::super) struct Messages {
    rows: HashMap<String, MessageRow>,
    edited: HashSet<String>,
    deleted: Vec<String>,
    inserted: Vec<Arc<MessageView>>,
}

impl Messages {
    fn new(rows: impl Iterator<Item = MessageRow>) -> Self {
        Self { rows: rows.map(|row| (row.id.clone(), row)).collect(), ..Self::default() }
    }

    /// True if the message exists in the room. The batch may need it for another room, too, if another program moved it.
    pub(in super::super) fn contains(&self, id: &MessageId, room_id: &RoomId) -> bool {
        self.rows.get(id.as_str()).is_some_and(|row| row.room_id == room_id.as_str())
    }

    /// The root of the thread that a message of the room belongs to.
    pub(in super::super) fn thread_of(&self, id: &MessageId) -> Option<MessageId> {
        root_of(self.rows.get(id.as_str())?.thread.as_deref())
    }

    /// Replaces a message's content; returns the message, if it exists in the room.
    pub(in super::super) fn edit(
        &mut self,
        (id, room_id): (&MessageId, &RoomId),
        content: &str,
        now: NaiveDateTime,
    ) -> Option<MessageRow> {
        let row = self.rows.get_mut(id.as_str()).filter(|row| row.room_id == room_id.as_str())?;
        content.clone_into(&mut row.content);
        // A time of creation that stands in `updatedAt` says that a message was not edited.
        let is_creation = Timestamp::from(now) == row.created_at.into();
        let at = if is_creation { now + TimeDelta::milliseconds(1) } else { now };
        row.updated_at = Some(at.into());
        self.edited.insert(row.id.clone());
        Some(row.clone())
    }

    /// Deletes a message; false if it does not exist in the room.
    pub(in super::super) fn delete(&mut self, id: &MessageId, room_id: &RoomId) -> bool {
        let is_there = self.contains(id, room_id);
        if is_there {
            self.rows.remove(id.as_str());
            self.deleted.push(id.to_string());
        }
        is_there
    }

    pub(in super::super) fn insert(&mut self, message: Arc<MessageView>) {
        self.inserted.push(message);
    }

    /// The new messages, in the order of their entries.
    pub(in super::super) fn inserted(&self) -> &[Arc<MessageView>] {
        &self.inserted
    }

    fn edits(&self) -> impl Iterator<Item = &MessageRow> {
        self.edited.iter().filter_map(|id| self.rows.get(id))
    }

    pub(super) async fn read_pg(session: &Session<'_>, needs: &MessageNeeds) -> Result<Self> {
        if needs.0.is_empty() {
            return Ok(Self::default());
        }
        let wanted = needs.0.iter().map(|(id, room_id)| json!({ "id": id, "room_id": room_id }));
        let wanted: Vec<Value> = wanted.collect();
        Ok(Self::new(query_messages(session, LOCK, &wanted).await?.into_iter()))
    }

    pub(super) fn read_sqlite(c: &mut SqliteConnection, needs: &MessageNeeds) -> QueryResult<Self> {
        if needs.0.is_empty() {
            return Ok(Self::default());
        }
        let found = list_stored_sqlite(c, needs.0.iter().map(|(id, _)| id.as_str()))?;
        Ok(Self::new(found.into_iter()))
    }

    /// Writes the edits, and returns the edited messages as they are stored.
    pub(super) async fn write_edits_pg(&self, session: &Session<'_>) -> Result<Vec<MessageRow>> {
        let edits = self.edits().map(|row| {
            let at = row.updated_at.map(|updated_at| text_of(updated_at.at));
            json!({ "id": row.id, "content": row.content, "at": at })
        });
        let edits: Vec<Value> = edits.collect();
        if edits.is_empty() {
            return Ok(Vec::new());
        }
        let edited = query_messages(session, EDIT, &edits).await?;
        if edited.len() < edits.len() { Err(KEPT_OUT.into()) } else { Ok(edited) }
    }

    pub(super) fn write_edits_sqlite(&self, c: &mut SqliteConnection, columns: &Columns) -> QueryResult<()> {
        for row in self.edits() {
            let at = row.updated_at.map(|updated_at| columns.moment(updated_at.at));
            let edit = diesel::update(messages::table.find(Id(&row.id)))
                .set((messages::content.eq(&row.content), messages::updated_at.eq(at)));
            // Returned, not counted: SQLite also counts a row whose change a trigger ignores.
            ensure_written(edit.returning(messages::id).load::<String>(c)?.len(), 1)?;
        }
        Ok(())
    }

    pub(super) fn deletions(&self) -> Vec<Write> {
        let rows: Vec<Value> = self.deleted.iter().map(|id| json!(id)).collect();
        vec![Write { sql: DELETE, expected: rows.len(), rows }]
    }

    pub(super) fn write_deletions_sqlite(&self, c: &mut SqliteConnection) -> QueryResult<()> {
        if self.deleted.is_empty() {
            return Ok(());
        }
        let deletion =
            diesel::delete(messages::table.filter(messages::id.eq_any(self.deleted.iter().map(|id| Id(id)))));
        ensure_written(deletion.returning(messages::id).load::<String>(c)?.len(), self.deleted.len())
    }

    pub(super) fn insertions(&self, columns: &Columns) -> Vec<Write> {
        let row = |message: &Arc<MessageView>| {
            json!({
                "id": message.id, "room_id": message.room_id, "sender_id": message.sender_id,
                "content": message.content, "kind": columns.message_type.spell(message.kind.as_str()),
                "metadata": message.metadata.to_string(), "reply_to": message.reply_to,
                "at": text_of(message.created_at.naive()),
            })
        };
        let rows: Vec<Value> = self.inserted.iter().map(row).collect();
        vec![Write { sql: INSERT, expected: rows.len(), rows }]
    }

    pub(super) fn write_insertions_sqlite(
        &self,
        c: &mut SqliteConnection,
        columns: &Columns,
    ) -> QueryResult<()> {
        if self.inserted.is_empty() {
            return Ok(());
        }
        let rows: Vec<MessageRow> =
            self.inserted.iter().map(|message| MessageRow::new(message, columns)).collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    messages::id.eq(Id(&row.id)),
                    messages::room_id.eq(Id(&row.room_id)),
                    messages::sender_id.eq(Id(&row.sender_id)),
                    messages::content.eq(&row.content),
                    messages::kind.eq(&row.kind),
                    messages::metadata.eq(&row.metadata),
                    messages::reply_to.eq(row.reply_to.as_deref().map(Id)),
                    messages::created_at.eq(row.created_at),
                    messages::updated_at.eq(row.updated_at),
                )
            })
            .collect();
        ensure_written(diesel::insert_into(messages::table).values(rows).execute(c)?, self.inserted.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_in_the_millisecond_of_the_creation_has_a_later_time() {
        let at = |millis| Timestamp::from_millis(millis).naive();
        let row = MessageRow {
            id: "m".to_owned(),
            room_id: "room".to_owned(),
            sender_id: "anna".to_owned(),
            content: "text".to_owned(),
            kind: MessageTypeRow::default(),
            metadata: JsonRow::default(),
            reply_to: None,
            created_at: at(5).into(),
            updated_at: None,
            thread: None,
        };
        for (now, edited) in [(4, 4), (5, 6), (6, 6)] {
            let mut messages = Messages::new([row.clone()].into_iter());
            let found = messages.edit((&"m".into(), &"room".into()), "new", at(now)).unwrap();
            assert_eq!(found.updated_at.unwrap().at, at(edited));
        }
    }
}
