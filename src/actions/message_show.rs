//! Returns one message, to whoever may enter its room.

use super::Actor;
use crate::{
    app::App,
    chat::{Error, Result, id::MessageId},
    db,
    protocol::MessageView,
};

/// A message of a room that the actor may not enter is answered as not found.
pub async fn run(app: &App, actor: Actor<'_>, message_id: &MessageId) -> Result<MessageView> {
    let message = db::messages::find(&app.db, message_id).await?.ok_or(Error::MessageNotFound)?;
    match app.access.ensure_may_enter(actor.user_id(), &message.room_id).await {
        Ok(_) => Ok(message),
        Err(error) if error.is_access_refusal() => Err(Error::MessageNotFound),
        Err(error) => Err(error),
    }
}
