//! The kinds of changes to a room, one file each. A file has the change as an actor requests it, the rows that it needs,
//! its decision after the earlier changes of the batch, and its entry: as the log stores it, as it is read back, what
//! it does to messages in memory, and the event that members receive. This file lists the kinds.

mod delete;
mod edit;
mod new_message;
mod react;
mod room;
mod unreact;

use std::sync::Arc;

use chrono::NaiveDateTime;
pub use delete::{Delete, MessageDeleted};
pub use edit::{Edit, MessageEdited};
pub use new_message::{ClientId, MessageAdded, NewMessage};
pub use react::{React, ReactionAdded};
pub use room::{RoomUpdated, UpdateRoom};
pub use unreact::{ReactionRemoved, Unreact};
use uuid::Uuid;

use super::{
    Append, Appended,
    rows::{Needs, Rows},
    tail::Logged,
};
use crate::{
    chat::{
        Error,
        id::{MessageId, RoomId, UserId, ordered_uuid},
    },
    db::facts::Facts,
    protocol::{EntryView, MessageView, ReactionView},
};

/// A change to a room, as an actor requests it.
#[derive(Clone, Debug)]
pub enum Change {
    New(NewMessage),
    Edit(Edit),
    Delete(Delete),
    React(React),
    Unreact(Unreact),
    UpdateRoom(UpdateRoom),
}

impl Change {
    pub(super) fn kind(&self) -> &dyn ChangeKind {
        match self {
            Change::New(change) => change,
            Change::Edit(change) => change,
            Change::Delete(change) => change,
            Change::React(change) => change,
            Change::Unreact(change) => change,
            Change::UpdateRoom(change) => change,
        }
    }

    /// The message that it changes; none for a new one, or for a change of the room itself.
    pub(super) fn message_id(&self) -> Option<&MessageId> {
        self.kind().message_id()
    }

    /// The estimated size of its content, in bytes.
    pub fn size(&self) -> usize {
        self.kind().size()
    }
}

/// The steps that each kind of change has in the transaction of a batch.
pub(super) trait ChangeKind {
    /// The message that it changes; none for a new one, or for a change of the room itself.
    fn message_id(&self) -> Option<&MessageId> {
        None
    }

    /// The estimated size of its content, in bytes.
    fn size(&self) -> usize {
        0
    }

    /// Refuses the change if a column of ids is too short for it.
    fn ensure_fits(&self, _append: &Append, _facts: &Facts) -> Result<(), Error> {
        Ok(())
    }

    /// Names the rows that `make` reads.
    fn list_needs(&self, _append: &Append, _needs: &mut Needs) {}

    /// Makes the change in memory, after the earlier changes of its batch: changes rows and returns the entry, or
    /// returns why there is none. Permission was checked before the change was queued.
    fn make(&self, append: &Append, rows: &mut Rows, turn: &Turn) -> Result<EntryBody, Appended>;
}

/// The number and the times that the entry of a change gets.
pub(super) struct Turn {
    pub(super) seq: i64,
    /// The time of the entry, which no other entry of the room shares unless there are many.
    pub(super) at: NaiveDateTime,
    /// The time of the batch.
    pub(super) now: NaiveDateTime,
}

impl Turn {
    /// Makes an id for a row that the change inserts. Such ids sort as the entries do.
    fn next_id(&self) -> Uuid {
        ordered_uuid(self.at.into(), self.seq, Uuid::new_v4())
    }
}

/// A sample with the length of every id that is made here.
const SAMPLE_ID: &str = "00000000-0000-7000-8000-000000000000";

/// The content of a log entry.
#[derive(Clone, Debug)]
pub enum EntryBody {
    New(MessageAdded),
    Updated(MessageEdited),
    Deleted(MessageDeleted),
    ReactionAdded(ReactionAdded),
    ReactionRemoved(ReactionRemoved),
    RoomUpdated(RoomUpdated),
    /// Nothing to send: the message has been deleted since, which a later entry reports, or a newer server wrote an
    /// entry of a kind that this one does not know.
    Tombstone,
}

impl EntryBody {
    fn kind(&self) -> Option<&dyn EntryKind> {
        match self {
            EntryBody::New(entry) => Some(entry),
            EntryBody::Updated(entry) => Some(entry),
            EntryBody::Deleted(entry) => Some(entry),
            EntryBody::ReactionAdded(entry) => Some(entry),
            EntryBody::ReactionRemoved(entry) => Some(entry),
            EntryBody::RoomUpdated(entry) => Some(entry),
            EntryBody::Tombstone => None,
        }
    }

    /// The message that was changed; none for a tombstone, or for an entry that is about no message.
    pub fn message_id(&self) -> Option<&MessageId> {
        self.kind().and_then(EntryKind::message_id)
    }

    /// The id in the log's column of messages, which is empty in an entry that is about none; none for a tombstone.
    pub fn logged_message_id(&self) -> Option<MessageId> {
        self.kind().map(|entry| entry.message_id().cloned().unwrap_or_else(|| MessageId::from("")))
    }

    /// The event that members receive, and its payload; none for a tombstone.
    pub fn event<'a>(&'a self, room_id: &'a RoomId, seq: i64) -> Option<(&'static str, EntryView<'a>)> {
        self.kind().map(|entry| entry.event(room_id, seq))
    }

    /// The effect of the entry on the messages in memory.
    pub fn effect(&self) -> Effect<'_> {
        self.kind().map_or(Effect::None, EntryKind::effect)
    }

    /// The entry as the log stores it, with a note of a message's state from `note`; none for a tombstone.
    pub(super) fn row(&self, note: &dyn Fn(&MessageView) -> String) -> Option<EntryRow> {
        self.kind().map(|entry| entry.row(note))
    }
}

/// The steps that each kind of entry has after its commit, and when it is read back.
pub(super) trait EntryKind {
    /// The message that was changed; none if the entry is about no message.
    fn message_id(&self) -> Option<&MessageId>;

    /// The event that members receive, and its payload.
    fn event<'a>(&'a self, room_id: &'a RoomId, seq: i64) -> (&'static str, EntryView<'a>);

    fn effect(&self) -> Effect<'_>;

    /// The entry as the log stores it. `note` makes a note of a message's state.
    fn row(&self, note: &dyn Fn(&MessageView) -> String) -> EntryRow;
}

/// The effect of an entry on the messages in memory. It may be applied twice, so each effect is idempotent.
pub enum Effect<'a> {
    None,
    Insert(&'a Arc<MessageView>),
    Replace(&'a Arc<MessageView>),
    Remove(&'a MessageId),
    Change(&'a MessageId, Modify<'a>),
}

/// Changes a message in place.
type Modify<'a> = Box<dyn FnOnce(&mut Arc<MessageView>) + 'a>;

impl Effect<'_> {
    /// The whole message that the entry holds in memory.
    pub fn message(&self) -> Option<&Arc<MessageView>> {
        match self {
            Effect::Insert(message) | Effect::Replace(message) => Some(message),
            Effect::None | Effect::Remove(_) | Effect::Change(..) => None,
        }
    }
}

/// The columns of an entry that depend on its kind.
pub(super) struct EntryRow {
    pub(super) kind: &'static Kind,
    /// None in an entry that is about no message.
    pub(super) message_id: Option<MessageId>,
    /// The actor that the entry itself names: of a reaction its user, of a message its sender.
    pub(super) actor_id: Option<UserId>,
    pub(super) body: Option<String>,
}

impl EntryRow {
    fn of_message(kind: &'static Kind, message: &MessageView, note: &dyn Fn(&MessageView) -> String) -> Self {
        let actor_id = Some(message.sender_id.clone());
        Self { kind, message_id: Some(message.id.clone()), actor_id, body: Some(note(message)) }
    }

    fn of_reaction(kind: &'static Kind, message_id: &MessageId, reaction: &ReactionView) -> Self {
        let actor_id = Some(reaction.user_id.clone());
        Self { kind, message_id: Some(message_id.clone()), actor_id, body: Some(reaction.emoji.to_string()) }
    }
}

/// A kind of entry in the table `room_log`.
pub struct Kind {
    /// The value of column `kind`.
    pub name: &'static str,
    /// Its entries contain the whole message, which is read back with them and noted in them.
    pub has_message: bool,
    /// Its entries name a message. Others have an empty text there.
    pub is_about_message: bool,
    /// Reads an entry back. The function returns the message in its present state, if it still exists.
    pub(super) read: fn(&Logged, &dyn Fn() -> Option<MessageView>) -> EntryBody,
}

/// All kinds of entries.
static KINDS: [&Kind; 6] =
    [&new_message::KIND, &edit::KIND, &delete::KIND, &react::KIND, &unreact::KIND, &room::KIND];

/// Finds a kind by its name in the table; none if a newer server wrote it.
pub(super) fn find_kind(name: &str) -> Option<&'static Kind> {
    KINDS.into_iter().find(|kind| kind.name == name)
}

/// The kind of an entry that says that changes may be missing, as after a table was emptied.
const GAP: &str = "gap";

/// True for a kind of entries that this version knows.
pub fn is_known_kind(name: &str) -> bool {
    name == GAP || find_kind(name).is_some()
}

impl Logged {
    /// False for an entry about the room itself, and for one of a kind that is not known here, such as the one after a
    /// table was emptied.
    pub fn is_about_message(&self) -> bool {
        find_kind(&self.kind).is_some_and(|kind| kind.is_about_message)
    }

    /// True if the entry contains the whole message, and notes its state.
    pub fn has_message(&self) -> bool {
        find_kind(&self.kind).is_some_and(|kind| kind.has_message)
    }
}

/// The names of the kinds that are looked for in the log.
pub mod kind {
    pub const NEW: &str = super::new_message::KIND.name;
    pub const DELETE: &str = super::delete::KIND.name;
    pub const REACT: &str = super::react::KIND.name;
    pub const UNREACT: &str = super::unreact::KIND.name;
}
