//! `new`: sends a message. Its idempotency key is checked in `batch`, before it is made.

use std::sync::Arc;

use serde_json::Value;

use super::{ChangeKind, Effect, EntryBody, EntryKind, EntryRow, Kind, SAMPLE_ID, Turn};
use crate::{
    chat::{
        Result,
        id::{MessageId, RoomId},
        mention::Mentioned,
        message::{MessageType, size_of_json},
    },
    db::{
        facts::Facts,
        room_log::{
            Append, Appended,
            rows::{Needs, NewReply, Rows, ThreadOfReply},
        },
    },
    protocol::{EntryView, MessageView, NumberedMessageView, SenderView, event},
};

pub(super) const KIND: Kind = Kind {
    name: "new",
    has_message: true,
    is_about_message: true,
    read: |_, message| {
        message().map_or(EntryBody::Tombstone, |message| EntryBody::New(MessageAdded(message.into())))
    },
};

#[derive(Clone, Debug)]
pub struct NewMessage {
    pub content: String,
    pub kind: MessageType,
    pub metadata: Value,
    pub reply_to: Option<String>,
    pub client_id: Option<ClientId>,
    /// The users whom its content mentions.
    pub mentioned: Mentioned,
    /// The thread that it answers in.
    pub thread: Option<ThreadOfReply>,
}

/// The client's half of an idempotency key: a message sent again under the same client id is stored once.
#[derive(Clone, Debug)]
pub struct ClientId {
    pub text: String,
    /// If true, a different message under a used client id is refused. Otherwise it is stored without its client id.
    pub refuses_others: bool,
}

impl ChangeKind for NewMessage {
    fn size(&self) -> usize {
        self.content.len() + size_of_json(&self.metadata)
    }

    fn ensure_fits(&self, append: &Append, facts: &Facts) -> Result<()> {
        facts.ensure_fits("Message", "id", SAMPLE_ID)?;
        facts.ensure_fits("Message", "roomId", append.room_id.as_str())?;
        facts.ensure_fits("Message", "senderId", append.actor_id.as_str())
    }

    fn list_needs(&self, append: &Append, needs: &mut Needs) {
        if let Some(thread) = &self.thread {
            needs.messages.add(&thread.root_id, &append.room_id);
        }
    }

    fn make(&self, append: &Append, rows: &mut Rows, turn: &Turn) -> Result<EntryBody, Appended> {
        let id = MessageId::from(turn.next_id());
        let thread = match &self.thread {
            None => None,
            Some(thread) if rows.messages.contains(&thread.root_id, &append.room_id) => {
                let (room_id, sender_id) = (&append.room_id, &append.actor_id);
                let reply = NewReply { message_id: &id, room_id, sender_id, at: turn.at };
                Some(rows.threads.insert(thread, &reply, &self.mentioned.users))
            }
            // The root was deleted meanwhile.
            Some(_) => return Err(Appended::NotFound),
        };
        let message = Arc::new(MessageView {
            id,
            room_id: append.room_id.clone(),
            sender_id: append.actor_id.clone(),
            content: self.content.clone(),
            kind: self.kind.clone(),
            metadata: self.metadata.clone(),
            reply_to: self.reply_to.clone(),
            created_at: turn.at.into(),
            updated_at: None,
            sender_name: append.actor_name.clone(),
            sender: SenderView { name: append.actor_name.clone() },
            reactions: Vec::new(),
            thread,
            thread_summary: None,
        });
        let place = (&append.room_id, &append.actor_id);
        rows.mentions.insert(&message.id, place, &self.mentioned, turn.at);
        rows.messages.insert(Arc::clone(&message));
        Ok(EntryBody::New(MessageAdded(message)))
    }
}

/// A message that was sent.
#[derive(Clone, Debug)]
pub struct MessageAdded(pub Arc<MessageView>);

impl EntryKind for MessageAdded {
    fn message_id(&self) -> Option<&MessageId> {
        Some(&self.0.id)
    }

    fn event<'a>(&'a self, _: &'a RoomId, seq: i64) -> (&'static str, EntryView<'a>) {
        (event::MESSAGE_NEW, EntryView::Message(NumberedMessageView { message: &self.0, seq, root: None }))
    }

    fn effect(&self) -> Effect<'_> {
        Effect::Insert(&self.0)
    }

    fn row(&self, note: &dyn Fn(&MessageView) -> String) -> EntryRow {
        EntryRow::of_message(&KIND, &self.0, note)
    }
}
