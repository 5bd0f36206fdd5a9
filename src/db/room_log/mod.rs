//! Our tables `room_head` and `room_log`, and every change to messages and reactions. A row and its log entry are
//! committed together, and the entries of a room are numbered 1, 2, 3 without gaps.

mod append;
mod batch;
mod changes;
mod fast_path;
mod foreign;
mod heads;
mod note;
mod reactions;
mod read;
mod repair;
mod retention;
mod session;
mod slow_postgres;
mod slow_sqlite;
mod stored;
mod tail;

use std::sync::Arc;

pub use append::{Appender, held};
use chrono::NaiveDateTime;
pub use foreign::{append_foreign, note_incomplete};
pub use heads::Heads;
pub use note::{hash_of_reaction, hash_of_reactions, is_as_noted, noted_reactions};
pub use read::{LogPage, entries_since, list_between};
pub use repair::{count_behind, repair_heads};
pub use retention::forget_before;
use serde_json::Value;
pub use tail::{Logged, TAIL_BYTES, Tail, load_tail, load_tail_with_readers};

use crate::{
    chat::{
        id::{MessageId, RoomId, UserId},
        message::MessageType,
    },
    protocol::{MessageView, ReactionView},
};

/// A requested change whose actor has been authorised.
#[derive(Clone, Debug)]
pub struct Append {
    pub room_id: RoomId,
    pub actor_id: UserId,
    /// The actor's name in the database.
    pub actor_name: Arc<str>,
    pub change: Change,
}

impl Append {
    pub fn is_new(&self) -> bool {
        matches!(self.change, Change::New(_))
    }

    fn client_id(&self) -> Option<&str> {
        match &self.change {
            Change::New(message) => message.client_id.as_ref().map(|client_id| client_id.text.as_str()),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Change {
    New(NewMessage),
    Edit { message_id: MessageId, content: String },
    Delete { message_id: MessageId },
    React { message_id: MessageId, emoji: Arc<str> },
    Unreact { message_id: MessageId, emoji: Arc<str> },
}

impl Change {
    /// The message that this changes.
    fn message_id(&self) -> Option<&MessageId> {
        match self {
            Change::New(_) => None,
            Change::Edit { message_id, .. }
            | Change::Delete { message_id }
            | Change::React { message_id, .. }
            | Change::Unreact { message_id, .. } => Some(message_id),
        }
    }
}

#[derive(Clone, Debug)]
pub struct NewMessage {
    pub content: String,
    pub kind: MessageType,
    pub metadata: Value,
    pub reply_to: Option<String>,
    pub client_id: Option<ClientId>,
}

/// The client's half of an idempotency key: a message sent again under the same client id is stored once.
#[derive(Clone, Debug)]
pub struct ClientId {
    pub text: String,
    /// If true, a different message under a used client id is refused. Otherwise it is stored without its client id.
    pub refuses_others: bool,
}

/// An entry of a room's log, as committed.
#[derive(Clone, Debug)]
pub struct Entry {
    pub room_id: RoomId,
    pub seq: i64,
    pub told: EntryBody,
}

/// The content of an entry as it is sent to the members.
#[derive(Clone, Debug)]
pub enum EntryBody {
    New(Arc<MessageView>),
    Updated(Arc<MessageView>),
    Deleted(MessageId),
    ReactionAdded {
        message_id: MessageId,
        reaction: ReactionView,
    },
    ReactionRemoved {
        message_id: MessageId,
        reaction: ReactionView,
    },
    /// The message of an older entry has been deleted since: a later entry reports that.
    Tombstone,
}

impl EntryBody {
    /// The message that was changed.
    pub fn message_id(&self) -> Option<&MessageId> {
        match self {
            EntryBody::New(message) | EntryBody::Updated(message) => Some(&message.id),
            EntryBody::Deleted(message_id)
            | EntryBody::ReactionAdded { message_id, .. }
            | EntryBody::ReactionRemoved { message_id, .. } => Some(message_id),
            EntryBody::Tombstone => None,
        }
    }
}

/// The outcome of an [`Append`].
#[derive(Clone, Debug)]
pub enum Appended {
    Entry(Entry),
    /// The client id was used before for this very message, so nothing was stored.
    Duplicate {
        message_id: MessageId,
        seq: i64,
    },
    /// The client id was used before for a different message, and the client wants that refused.
    ClientIdTaken,
    /// The reaction is already there, or already gone.
    Unchanged,
    /// The message does not exist, or the actor may not change it.
    NotFound,
    /// The message has as many reactions as are allowed.
    TooManyReactions,
}

/// The kinds of entries, as stored in the table.
pub mod kind {
    pub const NEW: &str = "new";
    pub const EDIT: &str = "edit";
    pub const DELETE: &str = "delete";
    pub const REACT: &str = "react";
    pub const UNREACT: &str = "unreact";
}

/// Actor, client id, message, body and seq of an entry.
pub(super) type KnownRow = (String, Option<String>, String, Option<String>, i64);

/// Formats a time for PostgreSQL.
fn text_of(at: NaiveDateTime) -> String {
    at.format("%F %T%.f").to_string()
}
