//! Sends a new message. It is broadcast to everybody in the room, the author too, before the author's ack.

use std::sync::Arc;

use super::{Actor, CommittedMessage, commit::commit, mention};
use crate::{
    app::App,
    chat::{
        Error, Result,
        id::{MessageId, RoomId},
        message::MessageType,
    },
    db::{
        self,
        room_log::{Appended, Change, NewMessage, ThreadOfReply},
    },
};

/// The thread in which a message is sent.
pub struct InThread {
    /// The root, or any reply.
    pub id: MessageId,
    /// The room shows the reply, too.
    pub also_to_room: bool,
}

/// Returns the message. If its client id makes it a duplicate, this is the first message, in its current state.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    room_id: RoomId,
    mut message: NewMessage,
    thread: Option<InThread>,
) -> Result<CommittedMessage> {
    let room = app.access.ensure_may_enter(actor.user_id(), &room_id).await?;
    if let Some(thread) = thread {
        let of_reply = find_thread(app, &room_id, thread).await?;
        // Clients that know no threads show it as an answer.
        let answered = message.reply_to.take().filter(|id| !id.is_empty());
        message.reply_to = answered.or_else(|| Some(of_reply.root_id.to_string()));
        message.thread = Some(of_reply);
    }
    let is_reply = message.thread.is_some();
    if let Some(socket) = actor.socket {
        socket.stop_typing_if_begun(&app.rooms, actor.user, &room_id);
    }
    // All are sent the type as history will show it.
    if let MessageType::Other(label) = &message.kind {
        message.kind = MessageType::Other(app.db.facts().columns().message_type.spell(label).into());
    }
    message.mentioned =
        mention::find(app, &actor, (&room_id, &room), &message.content, &mention::Known::new()).await?;
    let mentioned = message.mentioned.clone();
    let committed = commit(app, &actor, room_id, Change::New(message)).await?;
    match committed.appended {
        Appended::Entry(entry) => {
            let sent = CommittedMessage::new(&entry, committed.sent)?;
            mention::push(app, &actor, &room, &sent, &mentioned).await;
            Ok(sent)
        }
        Appended::Duplicate { message_id, seq } => {
            let message = db::messages::find(&app.db, &message_id).await?.ok_or(Error::MessageNotFound)?;
            Ok(CommittedMessage { message: Arc::new(message), seq, root: None, sent: None })
        }
        Appended::ClientIdTaken => Err(Error::Conflict("This clientId was used for another message")),
        // The root was deleted meanwhile.
        Appended::NotFound if is_reply => Err(Error::MessageNotFound),
        Appended::Unchanged | Appended::NotFound | Appended::TooManyReactions => Err(Error::RoomNotFound),
    }
}

/// Finds the thread of a reply. A root of another room, or one that is gone, is answered as not found.
async fn find_thread(app: &App, room_id: &RoomId, thread: InThread) -> Result<ThreadOfReply> {
    let found = db::threads::find(&app.db, &thread.id).await?.ok_or(Error::MessageNotFound)?;
    match found.root {
        Some((root_sender_id, _)) if found.room_id == *room_id => {
            Ok(ThreadOfReply { root_id: found.root_id, root_sender_id, also_to_room: thread.also_to_room })
        }
        _ => Err(Error::MessageNotFound),
    }
}
