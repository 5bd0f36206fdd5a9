//! The step that all changes of a room share: it is queued, committed, applied and broadcast, in this order.

use std::sync::{Arc, atomic::Ordering};

use super::Actor;
use crate::{
    app::App,
    broadcast::Encoded,
    chat::{Error, Result, id::RoomId},
    db::room_log::{Append, Change, Entry},
    log::Committed,
    protocol::{AnsweredMessage, Bodies, MessageView, NumberedMessageView, ShownMessageView, ThreadRootView},
};

/// Queues a change by the actor, lets the next event of the actor's socket begin, and waits until the change is
/// committed and broadcast.
pub(super) async fn commit(
    app: &App,
    actor: &Actor<'_>,
    room_id: RoomId,
    change: Change,
) -> Result<Committed> {
    let actor_id = actor.user_id().clone();
    let actor_name = app.access.user_name(actor.user_id()).await?;
    let receipt = app.rooms.append(Append { room_id, actor_id, actor_name, change })?;
    if let Some(socket) = actor.socket {
        socket.is_queued.store(true, Ordering::Relaxed);
    }
    receipt.committed().await
}

/// A message after its change was committed.
pub struct CommittedMessage {
    pub message: Arc<MessageView>,
    /// The position of the change in the room's log.
    pub seq: i64,
    /// The root of a new reply, with the state of its thread.
    pub root: Option<Arc<ThreadRootView>>,
    /// The event that was broadcast to the room, if anybody was in it here.
    pub sent: Option<Encoded>,
}

impl CommittedMessage {
    /// The message of an entry that adds or edits one.
    pub(super) fn new(entry: &Entry, sent: Option<Encoded>) -> Result<Self> {
        let body = &entry.body;
        let no_message = || Error::Internal(format!("an entry without a message: {body:?}"));
        let message = body.effect().message().map(Arc::clone).ok_or_else(no_message)?;
        Ok(Self { message, seq: entry.seq, root: entry.root.clone(), sent })
    }
}

impl CommittedMessage {
    /// The message as its author's client takes it.
    pub fn answer(self, bodies: Bodies) -> AnsweredMessage {
        match self.sent {
            Some(sent) => AnsweredMessage::Sent(Arc::clone(sent.data_for(bodies))),
            None => {
                let message = ShownMessageView::new(self.message, bodies);
                AnsweredMessage::View(NumberedMessageView { message, seq: self.seq, root: self.root })
            }
        }
    }
}
