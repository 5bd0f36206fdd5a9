//! Our tables `room_head` and `room_log`, and every change to messages and reactions. A row and its log entry are
//! committed together, and the entries of a room are numbered 1, 2, 3 without gaps.

mod append;
mod batch;
mod changes;
mod digest;
mod fast_path;
mod foreign;
mod heads;
mod note;
mod read;
mod repair;
mod retention;
mod rows;
mod session;
mod slow_postgres;
mod slow_sqlite;
mod stored;
mod tail;

use std::sync::Arc;

pub use append::{Appender, held};
pub use changes::{
    Change, ClientId, Delete, Edit, Effect, EntryBody, MessageAdded, MessageDeleted, MessageEdited,
    NewMessage, React, ReactionAdded, ReactionRemoved, RoomUpdated, Unreact, UpdateRoom, is_known_kind, kind,
};
use chrono::NaiveDateTime;
pub use digest::{Digest, has_incomplete_logs, write_digests};
pub use foreign::{append_foreign, note_incomplete};
pub use heads::Heads;
pub use note::{NOTE, hash_of_reaction, hash_of_reactions, is_as_noted, noted_reactions};
pub use read::{LogPage, entries_since, list_between};
pub use repair::{count_behind, repair_heads};
pub use retention::forget_before;
pub use rows::ThreadOfReply;
pub use tail::{Logged, TAIL_BYTES, Tail, load_tail, load_tail_with_readers};

use crate::{
    chat::id::{MessageId, RoomId, UserId},
    protocol::{EntryView, ThreadRootView},
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
    /// True for a new message that is one row and one entry. Mentions and threads are rows of their own.
    pub fn is_plain_message(&self) -> bool {
        matches!(&self.change, Change::New(message) if message.mentioned.is_empty() && message.thread.is_none())
    }

    fn client_id(&self) -> Option<&str> {
        match &self.change {
            Change::New(message) => message.client_id.as_ref().map(|client_id| client_id.text.as_str()),
            _ => None,
        }
    }
}

/// An entry of a room's log, as committed.
#[derive(Clone, Debug)]
pub struct Entry {
    pub room_id: RoomId,
    pub seq: i64,
    pub body: EntryBody,
    /// The root whose thread it has changed, with the thread's state.
    pub root: Option<Arc<ThreadRootView>>,
}

impl Entry {
    /// The event that members receive, and its payload; none for a tombstone.
    pub fn event(&self) -> Option<(&'static str, EntryView<'_>)> {
        let (name, mut view) = self.body.event(&self.room_id, self.seq)?;
        match &mut view {
            EntryView::Message(message) => message.root.clone_from(&self.root),
            EntryView::Deleted(deleted) => deleted.root.clone_from(&self.root),
            EntryView::Excerpt(_) | EntryView::Reaction(_) | EntryView::Room(_) => {}
        }
        Some((name, view))
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
    /// The message does not exist in the room, or the room does not exist.
    NotFound,
    /// The message has as many reactions as are allowed.
    TooManyReactions,
}

/// Actor, client id, message, body and seq of an entry.
pub(super) type FirstUseRow = (String, Option<String>, String, Option<String>, i64);

/// Formats a time for PostgreSQL.
fn text_of(at: NaiveDateTime) -> String {
    at.format("%F %T%.f").to_string()
}
