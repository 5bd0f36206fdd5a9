//! `edit`: replaces the content of a message.

use std::sync::Arc;

use super::{ChangeKind, Effect, EntryBody, EntryKind, EntryRow, Kind, Turn};
use crate::{
    chat::{
        id::{MessageId, RoomId},
        mention::Mentioned,
    },
    db::room_log::{
        Append, Appended,
        rows::{Needs, Rows},
    },
    protocol::{EntryView, MessageView, NumberedMessageView, ReactionView, event},
};

pub(super) const KIND: Kind = Kind {
    name: "edit",
    has_message: true,
    is_about_message: true,
    read: |_, message| {
        message().map_or(EntryBody::Tombstone, |message| EntryBody::Updated(MessageEdited(message.into())))
    },
};

#[derive(Clone, Debug)]
pub struct Edit {
    pub message_id: MessageId,
    pub content: String,
    /// The users whom the new content mentions.
    pub mentioned: Mentioned,
}

impl ChangeKind for Edit {
    fn message_id(&self) -> Option<&MessageId> {
        Some(&self.message_id)
    }

    fn size(&self) -> usize {
        self.content.len()
    }

    fn list_needs(&self, append: &Append, needs: &mut Needs) {
        needs.messages.add(&self.message_id, &append.room_id);
        // The members receive the whole message.
        needs.reactions.add_all_of(&self.message_id);
    }

    fn make(&self, append: &Append, rows: &mut Rows, turn: &Turn) -> Result<EntryBody, Appended> {
        let Some(row) = rows.messages.edit((&self.message_id, &append.room_id), &self.content, turn.now)
        else {
            return Err(Appended::NotFound);
        };
        let place = (&append.room_id, &append.actor_id);
        rows.mentions.replace(&self.message_id, place, &self.mentioned, turn.at);
        let reactions = rows.reactions.of_message(&self.message_id).iter().cloned();
        let message = row.into_view(append.actor_name.clone(), reactions.map(ReactionView::from).collect());
        Ok(EntryBody::Updated(MessageEdited(message.into())))
    }
}

/// A message in its edited state.
#[derive(Clone, Debug)]
pub struct MessageEdited(pub Arc<MessageView>);

impl EntryKind for MessageEdited {
    fn message_id(&self) -> Option<&MessageId> {
        Some(&self.0.id)
    }

    fn event<'a>(&'a self, _: &'a RoomId, seq: i64) -> (&'static str, EntryView<'a>) {
        (
            event::MESSAGE_UPDATED,
            EntryView::Message(NumberedMessageView { message: &self.0, seq, root: None }),
        )
    }

    fn effect(&self) -> Effect<'_> {
        Effect::Replace(&self.0)
    }

    fn row(&self, note: &dyn Fn(&MessageView) -> String) -> EntryRow {
        EntryRow::of_message(&KIND, &self.0, note)
    }
}
