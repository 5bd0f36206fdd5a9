//! `react`: adds a reaction to a message. The log keeps its emoji as the body and its user as the actor.

use std::sync::Arc;

use super::{ChangeKind, Effect, EntryBody, EntryKind, EntryRow, Kind, SAMPLE_ID, Turn};
use crate::{
    chat::{
        Result,
        id::{MessageId, RoomId},
    },
    db::{
        facts::Facts,
        room_log::{
            Append, Appended,
            rows::{Needs, Rows},
        },
    },
    protocol::{EntryView, MessageView, ReactionChangedView, ReactionView, event},
};

pub(super) const KIND: Kind = Kind {
    name: "react",
    has_message: false,
    is_about_message: true,
    read: |entry, _| {
        let (message_id, reaction) = (entry.message_id.as_str().into(), entry.reaction());
        EntryBody::ReactionAdded(ReactionAdded { message_id, reaction })
    },
};

#[derive(Clone, Debug)]
pub struct React {
    pub message_id: MessageId,
    pub emoji: Arc<str>,
}

impl ChangeKind for React {
    fn message_id(&self) -> Option<&MessageId> {
        Some(&self.message_id)
    }

    fn ensure_fits(&self, append: &Append, facts: &Facts) -> Result<()> {
        facts.ensure_fits("Reaction", "id", SAMPLE_ID)?;
        facts.ensure_fits("Reaction", "messageId", self.message_id.as_str())?;
        facts.ensure_fits("Reaction", "userId", append.actor_id.as_str())
    }

    fn list_needs(&self, append: &Append, needs: &mut Needs) {
        needs.messages.add(&self.message_id, &append.room_id);
        needs.reactions.add(&self.message_id, &append.actor_id, &self.emoji);
        needs.reactions.add_counts(&self.message_id, &append.actor_id);
    }

    fn make(&self, append: &Append, rows: &mut Rows, turn: &Turn) -> Result<EntryBody, Appended> {
        if !rows.messages.contains(&self.message_id, &append.room_id) {
            return Err(Appended::NotFound);
        }
        let reaction = ReactionView { emoji: self.emoji.clone(), user_id: append.actor_id.clone() };
        if rows.reactions.contains(&self.message_id, &reaction) {
            return Err(Appended::Unchanged);
        }
        if rows.reactions.is_full(&self.message_id, &append.actor_id) {
            return Err(Appended::TooManyReactions);
        }
        rows.reactions.add(turn.next_id(), &self.message_id, &reaction);
        let message_id = self.message_id.clone();
        Ok(EntryBody::ReactionAdded(ReactionAdded { message_id, reaction }))
    }
}

#[derive(Clone, Debug)]
pub struct ReactionAdded {
    pub message_id: MessageId,
    pub reaction: ReactionView,
}

impl EntryKind for ReactionAdded {
    fn message_id(&self) -> Option<&MessageId> {
        Some(&self.message_id)
    }

    fn event<'a>(&'a self, room_id: &'a RoomId, seq: i64) -> (&'static str, EntryView<'a>) {
        let view = ReactionChangedView::new(&self.message_id, &self.reaction, room_id, seq);
        (event::REACTION_ADDED, EntryView::Reaction(view))
    }

    fn effect(&self) -> Effect<'_> {
        let add = |message: &mut Arc<MessageView>| {
            if !message.reactions.contains(&self.reaction) {
                Arc::make_mut(message).reactions.push(self.reaction.clone());
            }
        };
        Effect::Change(&self.message_id, Box::new(add))
    }

    fn row(&self, _: &dyn Fn(&MessageView) -> String) -> EntryRow {
        EntryRow::of_reaction(&KIND, &self.message_id, &self.reaction)
    }
}
