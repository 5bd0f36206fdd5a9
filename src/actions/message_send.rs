//! Sends a new message. It is broadcast to everybody in the room, the author too, before the author's ack.

use std::sync::Arc;

use super::{Actor, CommittedMessage, commit::commit, mention};
use crate::{
    app::App,
    chat::{Error, Result, id::RoomId, message::MessageType},
    db::{
        self,
        room_log::{Appended, Change, NewMessage},
    },
};

/// Returns the message. If its client id makes it a duplicate, this is the first message, in its current state.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    room_id: RoomId,
    mut message: NewMessage,
) -> Result<CommittedMessage> {
    let room = app.access.ensure_may_enter(actor.user_id(), &room_id).await?;
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
            Ok(CommittedMessage { message: Arc::new(message), seq, sent: None })
        }
        Appended::ClientIdTaken => Err(Error::Conflict("This clientId was used for another message")),
        Appended::Unchanged | Appended::NotFound | Appended::TooManyReactions => Err(Error::RoomNotFound),
    }
}
