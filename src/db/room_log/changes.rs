//! Applies the edits, deletions and reactions of a batch in memory, one after the other. So the rows that they need can
//! be read together before, and the rows that they change written together afterwards. No SQL.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDateTime;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Append, Appended, Change,
    batch::AppendBatch,
    reactions::{Count, ReactionCounts},
};
use crate::{
    chat::{
        id::{MessageId, RoomId},
        timestamp::Timestamp,
    },
    db::{
        messages::MessageRow,
        reactions::ReactionRow,
        types::{JsonRow, MessageTypeRow},
    },
};

/// A message as PostgreSQL returns it in JSON; times in milliseconds.
#[derive(Deserialize)]
pub(super) struct StoredMessage {
    id: String,
    room_id: String,
    sender_id: String,
    /// Not read where an edit is about to replace it.
    #[serde(default)]
    content: String,
    kind: MessageTypeRow,
    metadata: Value,
    reply_to: Option<String>,
    created_at: i64,
    updated_at: Option<i64>,
}

impl From<StoredMessage> for MessageRow {
    fn from(stored: StoredMessage) -> Self {
        Self {
            id: stored.id,
            room_id: stored.room_id,
            sender_id: stored.sender_id,
            content: stored.content,
            kind: stored.kind,
            metadata: JsonRow(stored.metadata),
            reply_to: stored.reply_to,
            created_at: Timestamp::from_millis(stored.created_at).naive(),
            updated_at: stored.updated_at.map(|at| Timestamp::from_millis(at).naive()),
        }
    }
}

/// A reaction's id, message, user and emoji.
pub(super) type StoredReaction = (String, String, String, String);

/// The messages that a batch changes and the reactions that it needs, with the changes so far applied.
#[derive(Default)]
pub(super) struct Changes {
    messages: HashMap<String, MessageRow>,
    /// Reactions by message, in the order of their ids.
    reactions: HashMap<String, Vec<ReactionRow>>,
    counts: ReactionCounts,
    /// The ids of the reactions that are in the database.
    stored: HashSet<String>,
    edited: HashSet<String>,
    deleted: Vec<String>,
    removed: Vec<ReactionRow>,
}

/// The messages that a batch changes: `[{id, room_id}, ..]`, each once.
pub(super) fn messages_of(batch: &[Append]) -> Vec<Value> {
    let target = |append: &Append| Some((append.change.message_id()?.clone(), append.room_id.clone()));
    let targets: HashSet<(MessageId, RoomId)> = batch.iter().filter_map(target).collect();
    targets.iter().map(|(id, room_id)| json!({ "id": id, "room_id": room_id })).collect()
}

/// The reactions that a batch needs: all on messages that it edits, since these are sent with them, and otherwise those
/// that it adds or removes.
pub(super) fn reactions_of(batch: &[Append]) -> Value {
    let (mut all_on, mut single) = (HashSet::new(), HashSet::new());
    for append in batch {
        match &append.change {
            Change::Edit { message_id, .. } => {
                all_on.insert(message_id);
            }
            Change::React { message_id, emoji } | Change::Unreact { message_id, emoji } => {
                single.insert((message_id, &append.actor_id, emoji));
            }
            Change::New(_) | Change::Delete { .. } => {}
        }
    }
    let single = single.iter().filter(|(message_id, ..)| !all_on.contains(message_id));
    let single: Vec<Value> = single
        .map(|(message_id, user_id, emoji)| json!({ "message_id": message_id, "user_id": user_id, "emoji": emoji }))
        .collect();
    json!({ "all_on": all_on, "single": single })
}

impl Changes {
    pub(super) fn new(
        messages: Vec<StoredMessage>,
        reactions: Vec<StoredReaction>,
        counts: Vec<Count>,
    ) -> Self {
        let messages = messages.into_iter().map(|message| (message.id.clone(), message.into())).collect();
        let mut changes = Self { messages, counts: ReactionCounts::new(counts), ..Self::default() };
        for (id, message_id, user_id, emoji) in reactions {
            changes.stored.insert(id.clone());
            let row = ReactionRow { id, message_id: message_id.clone(), user_id, emoji };
            changes.reactions.entry(message_id).or_default().push(row);
        }
        changes
    }

    /// Applies one change after those before it. New messages are left to `writes`: no change in the batch can refer to
    /// one, as its id is not known before it is sent.
    pub(super) fn make(&mut self, append: &Append, writes: &mut AppendBatch, now: NaiveDateTime) {
        match &append.change {
            Change::New(message) => writes.new_message(append, message),
            Change::Edit { message_id, content } => {
                let Some(message) = self.own_message(append, message_id) else {
                    return writes.nothing(Appended::NotFound);
                };
                message.content.clone_from(content);
                message.updated_at = Some(now);
                let row = message.clone();
                let on_it = self.reactions.get(message_id.as_str()).cloned().unwrap_or_default();
                self.edited.insert(row.id.clone());
                writes.edited(append, row, on_it);
            }
            Change::Delete { message_id } => {
                if self.own_message(append, message_id).is_none() {
                    return writes.nothing(Appended::NotFound);
                }
                self.messages.remove(message_id.as_str());
                self.reactions.remove(message_id.as_str());
                self.deleted.push(message_id.to_string());
                writes.deleted(append, message_id);
            }
            Change::React { message_id, emoji } => {
                if !self.messages.contains_key(message_id.as_str()) {
                    return writes.nothing(Appended::NotFound);
                }
                let on_it = self.reactions.entry(message_id.to_string()).or_default();
                if on_it.iter().any(|row| is_of(row, append, emoji)) {
                    return writes.nothing(Appended::Unchanged);
                }
                if !self.counts.has_room(append, message_id.as_str()) {
                    return writes.nothing(Appended::TooManyReactions);
                }
                self.counts.note(append, message_id.as_str(), true);
                let id = writes.next_id(&append.room_id).to_string();
                let place = on_it.partition_point(|row| row.id < id);
                let row = ReactionRow {
                    id,
                    message_id: message_id.to_string(),
                    user_id: append.actor_id.to_string(),
                    emoji: emoji.to_string(),
                };
                on_it.insert(place, row);
                writes.reaction(append, message_id, emoji, true);
            }
            Change::Unreact { message_id, emoji } => {
                let on_it = self.reactions.get_mut(message_id.as_str());
                let place = |on_it: &Vec<ReactionRow>| on_it.iter().position(|row| is_of(row, append, emoji));
                let found = on_it.and_then(|on_it| Some(on_it.remove(place(on_it)?)));
                let Some(row) = found else { return writes.nothing(Appended::Unchanged) };
                self.counts.note(append, message_id.as_str(), false);
                if self.stored.contains(&row.id) {
                    self.removed.push(row);
                }
                writes.reaction(append, message_id, emoji, false);
            }
        }
    }

    fn own_message(&mut self, append: &Append, id: &MessageId) -> Option<&mut MessageRow> {
        let message = self.messages.get_mut(id.as_str())?;
        (message.sender_id == append.actor_id.as_str()).then_some(message)
    }

    /// The edits that are to be written: `[{id, content, at}, ..]`.
    pub(super) fn edits(&self) -> Vec<Value> {
        let edited = self.edited.iter().filter_map(|id| self.messages.get(id));
        edited
            .map(|row| {
                let at = row.updated_at.map(super::text_of);
                json!({ "id": row.id, "content": row.content, "at": at })
            })
            .collect()
    }

    /// The ids of the messages to delete, each with all reactions on it.
    pub(super) fn deleted(&self) -> &[String] {
        &self.deleted
    }

    /// The reactions to delete: `[id, ..]`.
    pub(super) fn removed(&self) -> Vec<&str> {
        self.removed.iter().map(|row| row.id.as_str()).collect()
    }

    /// The reactions to insert: `[{id, message_id, user_id, emoji}, ..]`.
    pub(super) fn added(&self) -> Vec<Value> {
        let rows = self.reactions.values().flatten().filter(|row| !self.stored.contains(&row.id));
        rows.map(|row| {
            json!({ "id": row.id, "message_id": row.message_id, "user_id": row.user_id, "emoji": row.emoji })
        })
        .collect()
    }
}

fn is_of(row: &ReactionRow, append: &Append, emoji: &str) -> bool {
    row.user_id == append.actor_id.as_str() && row.emoji == emoji
}
