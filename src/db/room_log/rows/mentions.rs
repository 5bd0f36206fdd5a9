//! Rows of our table `mention` in the transaction of a batch.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::{QueryResult, prelude::*, sqlite::SqliteConnection};
use serde_json::{Value, json};

use super::{super::text_of, Write};
use crate::{
    chat::{
        id::{MessageId, RoomId, UserId},
        mention::{MentionKind, Mentioned},
    },
    db::schema::lite::mention,
};

/// Deletes the mentions that an edited or deleted message no longer has.
const DELETE: &str = r"
    WITH deleted AS (
        DELETE FROM chatoxide.mention USING json_to_recordset(CAST($1 AS JSON)) AS message (id TEXT, kept JSON)
        WHERE mention.message_id = message.id
            AND mention.user_id NOT IN (SELECT json_array_elements_text(message.kept)) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM deleted";

/// The mentions that an edited message had already keep their time.
const INSERT: &str = r"
    WITH written AS (
        INSERT INTO chatoxide.mention (message_id, user_id, room_id, sender_id, kind, at)
        SELECT * FROM json_to_recordset(CAST($1 AS JSON)) AS new (
            message_id TEXT, user_id TEXT, room_id TEXT, sender_id TEXT, kind TEXT, at TIMESTAMP
        ) ON CONFLICT (message_id, user_id) DO UPDATE SET kind = excluded.kind RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM written";

/// The messages of a batch whose mentions change.
#[derive(Default)]
pub(in super::super) struct Mentions(HashMap<MessageId, OfMessage>);

/// All mentions of a message after the batch.
#[derive(Default)]
struct OfMessage {
    room_id: String,
    sender_id: String,
    at: NaiveDateTime,
    /// Users, with the kinds of their mentions.
    users: Vec<(String, &'static str)>,
    /// The message was there before the batch, and may have other mentions.
    is_stored: bool,
}

/// The rows of a message: a user has one, and all members together have one, of the user ''.
fn rows_of(mentioned: &Mentioned) -> impl Iterator<Item = (&str, MentionKind)> {
    let Mentioned { users, here, is_room } = mentioned;
    let here = here.iter().filter(|user_id| !users.contains(user_id));
    let named = users.iter().map(|user_id| (user_id.as_str(), MentionKind::User));
    let online = here.map(|user_id| (user_id.as_str(), MentionKind::Here));
    named.chain(online).chain(is_room.then_some(("", MentionKind::Room)))
}

impl Mentions {
    /// The mentions of a new message.
    pub(in super::super) fn insert(
        &mut self,
        id: &MessageId,
        (room_id, sender_id): (&RoomId, &UserId),
        mentioned: &Mentioned,
        at: NaiveDateTime,
    ) {
        if !mentioned.is_empty() {
            let of_message = OfMessage {
                room_id: room_id.to_string(),
                sender_id: sender_id.to_string(),
                at,
                users: rows_of(mentioned).map(|(user_id, kind)| (user_id.to_owned(), kind.label())).collect(),
                is_stored: false,
            };
            self.0.insert(id.clone(), of_message);
        }
    }

    /// The mentions of an edited message, instead of those that it had.
    pub(in super::super) fn replace(
        &mut self,
        id: &MessageId,
        place: (&RoomId, &UserId),
        mentioned: &Mentioned,
        at: NaiveDateTime,
    ) {
        self.delete_of_message(id);
        self.insert(id, place, mentioned, at);
        self.0.entry(id.clone()).or_default().is_stored = true;
    }

    pub(in super::super) fn delete_of_message(&mut self, id: &MessageId) {
        self.0.insert(id.clone(), OfMessage { is_stored: true, ..OfMessage::default() });
    }

    fn stored(&self) -> impl Iterator<Item = (&MessageId, Vec<&str>)> {
        let stored = self.0.iter().filter(|(_, of_message)| of_message.is_stored);
        stored.map(|(id, of_message)| {
            (id, of_message.users.iter().map(|(user_id, _)| user_id.as_str()).collect())
        })
    }

    fn inserted(&self) -> impl Iterator<Item = (&MessageId, &OfMessage, &str, &'static str)> {
        self.0.iter().flat_map(|(id, of_message)| {
            of_message.users.iter().map(move |(user_id, kind)| (id, of_message, user_id.as_str(), *kind))
        })
    }

    pub(super) fn deletions(&self) -> Vec<Write> {
        let rows = self.stored().map(|(id, kept)| json!({ "id": id, "kept": kept })).collect();
        vec![Write { sql: DELETE, expected: 0, rows }]
    }

    pub(super) fn insertions(&self) -> Vec<Write> {
        let row = |(id, of, user_id, kind): (&MessageId, &OfMessage, &str, &str)| {
            json!({
                "message_id": id, "user_id": user_id, "room_id": of.room_id, "sender_id": of.sender_id, "kind": kind,
                "at": text_of(of.at),
            })
        };
        let rows: Vec<Value> = self.inserted().map(row).collect();
        vec![Write { sql: INSERT, expected: rows.len(), rows }]
    }

    pub(super) fn write_sqlite(&self, c: &mut SqliteConnection) -> QueryResult<()> {
        for (id, kept) in self.stored() {
            let gone = mention::message_id.eq(id.as_str()).and(mention::user_id.ne_all(kept));
            diesel::delete(mention::table.filter(gone)).execute(c)?;
        }
        for (id, of, user_id, kind) in self.inserted() {
            let row = (
                mention::message_id.eq(id.as_str()),
                mention::user_id.eq(user_id),
                mention::room_id.eq(&of.room_id),
                mention::sender_id.eq(&of.sender_id),
                mention::kind.eq(kind),
                mention::at.eq(of.at),
            );
            diesel::insert_into(mention::table)
                .values(row)
                .on_conflict((mention::message_id, mention::user_id))
                .do_update()
                .set(mention::kind.eq(kind))
                .execute(c)?;
        }
        Ok(())
    }
}
