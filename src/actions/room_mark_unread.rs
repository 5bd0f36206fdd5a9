//! Marks a room as unread from a message on, for the actor alone: the receipts that others are shown stay. The actor's
//! devices are told the new count. The mark ends when the actor reads the room again.

use super::Actor;
use crate::{
    app::App,
    chat::{
        Error, Result,
        id::{MessageId, RoomId},
        message::Place,
    },
    db::read_positions,
};

pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId, message_id: &MessageId) -> Result<()> {
    let user_id = actor.user_id();
    app.access.ensure_may_enter(user_id, room_id).await?;
    let message = app.access.find_message(message_id).await?;
    let message = message.filter(|message| message.room_id == *room_id).ok_or(Error::MessageNotFound)?;
    // An earlier read mark that is written later would end this one.
    app.rooms.flush_read_marks_of(user_id).await;
    let from = Place { at: message.created_at, id: message_id.clone() };
    read_positions::mark_unread(&app.db, room_id, user_id, &from).await?;
    app.rooms.recount(room_id, std::slice::from_ref(user_id));
    Ok(())
}
