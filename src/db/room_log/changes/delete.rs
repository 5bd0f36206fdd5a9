//! `delete`: deletes a message, with the reactions on it.

use super::{ChangeKind, Effect, EntryBody, EntryKind, EntryRow, Kind, Turn};
use crate::{
    chat::id::{MessageId, RoomId},
    db::room_log::{
        Append, Appended,
        rows::{Needs, Rows},
    },
    protocol::{EntryView, MessageDeletedView, MessageView, event},
};

pub(super) const KIND: Kind = Kind {
    name: "delete",
    has_message: false,
    is_about_message: true,
    read: |entry, _| EntryBody::Deleted(MessageDeleted(entry.message_id.as_str().into())),
};

#[derive(Clone, Debug)]
pub struct Delete {
    pub message_id: MessageId,
}

impl ChangeKind for Delete {
    fn message_id(&self) -> Option<&MessageId> {
        Some(&self.message_id)
    }

    fn list_needs(&self, append: &Append, needs: &mut Needs) {
        needs.messages.add(&self.message_id, &append.room_id);
    }

    fn make(&self, append: &Append, rows: &mut Rows, _: &Turn) -> Result<EntryBody, Appended> {
        let root_id = rows.messages.thread_of(&self.message_id);
        if !rows.messages.delete(&self.message_id, &append.room_id) {
            return Err(Appended::NotFound);
        }
        rows.reactions.delete_of_message(&self.message_id);
        rows.mentions.delete_of_message(&self.message_id);
        if let Some(root_id) = root_id {
            rows.threads.delete(&self.message_id, &root_id);
        }
        Ok(EntryBody::Deleted(MessageDeleted(self.message_id.clone())))
    }
}

/// The message that was deleted.
#[derive(Clone, Debug)]
pub struct MessageDeleted(pub MessageId);

impl EntryKind for MessageDeleted {
    fn message_id(&self) -> Option<&MessageId> {
        Some(&self.0)
    }

    fn event<'a>(&'a self, room_id: &'a RoomId, seq: i64) -> (&'static str, EntryView<'a>) {
        let view = MessageDeletedView { message_id: &self.0, room_id, seq, root: None };
        (event::MESSAGE_DELETED, EntryView::Deleted(view))
    }

    fn effect(&self) -> Effect<'_> {
        Effect::Remove(&self.0)
    }

    fn row(&self, _: &dyn Fn(&MessageView) -> String) -> EntryRow {
        EntryRow { kind: &KIND, message_id: Some(self.0.clone()), actor_id: None, body: None }
    }
}
