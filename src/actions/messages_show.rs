//! Returns messages by their ids, to whoever may enter their rooms.

use std::collections::HashMap;

use super::Actor;
use crate::{
    app::App,
    chat::{
        Result,
        id::{MessageId, RoomId},
    },
    db,
    protocol::MessageView,
};

/// Returns those of these messages that exist, oldest first. A message of a room that the actor may not enter is as one that
/// does not exist.
pub async fn run(app: &App, actor: Actor<'_>, message_ids: &[MessageId]) -> Result<Vec<MessageView>> {
    let found = db::messages::list(&app.db, message_ids).await?;
    let mut rooms: HashMap<RoomId, bool> = HashMap::new();
    let mut messages = Vec::with_capacity(found.len());
    for message in found {
        let is_open = match rooms.get(&message.room_id) {
            Some(is_open) => *is_open,
            None => {
                let is_open = match app.access.ensure_may_enter(actor.user_id(), &message.room_id).await {
                    Err(error) if error.is_access_refusal() => false,
                    entered => entered.map(|_| true)?,
                };
                rooms.insert(message.room_id.clone(), is_open);
                is_open
            }
        };
        if is_open {
            messages.push(message);
        }
    }
    Ok(messages)
}
