//! `unreact`: removes a reaction from a message. The log keeps its emoji as the body and its user as the actor.

use std::sync::Arc;

use super::{ChangeKind, Effect, EntryBody, EntryKind, EntryRow, Kind, Turn};
use crate::{
    chat::id::{MessageId, RoomId},
    db::room_log::{
        Append, Appended,
        rows::{Needs, Rows},
    },
    protocol::{EntryView, MessageView, ReactionChangedView, ReactionView, event},
};

pub(super) const KIND: Kind = Kind {
    name: "unreact",
    has_message: false,
    is_about_message: true,
    read: |entry, _| {
        let (message_id, reaction) = (entry.message_id.as_str().into(), entry.reaction());
        EntryBody::ReactionRemoved(ReactionRemoved { message_id, reaction })
    },
};

#[derive(Clone, Debug)]
pub struct Unreact {
    pub message_id: MessageId,
    pub emoji: Arc<str>,
}

impl ChangeKind for Unreact {
    fn message_id(&self) -> Option<&MessageId> {
        Some(&self.message_id)
    }

    fn list_needs(&self, append: &Append, needs: &mut Needs) {
        needs.messages.add(&self.message_id, &append.room_id);
        needs.reactions.add(&self.message_id, &append.actor_id, &self.emoji);
    }

    fn make(&self, append: &Append, rows: &mut Rows, _: &Turn) -> Result<EntryBody, Appended> {
        let reaction = ReactionView { emoji: self.emoji.clone(), user_id: append.actor_id.clone() };
        if !rows.messages.contains(&self.message_id, &append.room_id)
            || !rows.reactions.remove(&self.message_id, &reaction)
        {
            return Err(Appended::Unchanged);
        }
        let message_id = self.message_id.clone();
        Ok(EntryBody::ReactionRemoved(ReactionRemoved { message_id, reaction }))
    }
}

#[derive(Clone, Debug)]
pub struct ReactionRemoved {
    pub message_id: MessageId,
    pub reaction: ReactionView,
}

impl EntryKind for ReactionRemoved {
    fn message_id(&self) -> Option<&MessageId> {
        Some(&self.message_id)
    }

    fn event<'a>(&'a self, room_id: &'a RoomId, seq: i64) -> (&'static str, EntryView<'a>) {
        let view = ReactionChangedView::new(&self.message_id, &self.reaction, room_id, seq);
        (event::REACTION_REMOVED, EntryView::Reaction(view))
    }

    fn effect(&self) -> Effect<'_> {
        let remove = |message: &mut Arc<MessageView>| {
            if message.reactions.contains(&self.reaction) {
                Arc::make_mut(message).reactions.retain(|there| *there != self.reaction);
            }
        };
        Effect::Change(&self.message_id, Box::new(remove))
    }

    fn row(&self, _: &dyn Fn(&MessageView) -> String) -> EntryRow {
        EntryRow::of_reaction(&KIND, &self.message_id, &self.reaction)
    }
}
