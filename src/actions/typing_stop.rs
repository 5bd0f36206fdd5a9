//! Sends the others in a room that the user has stopped typing.

use super::{ActingSocket, Actor};
use crate::{
    app::App,
    chat::{Result, id::RoomId},
};

pub async fn run(app: &App, actor: Actor<'_>, socket: ActingSocket<'_>, room_id: &RoomId) -> Result<()> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    socket.stop_typing(&app.rooms, actor.user, room_id);
    Ok(())
}
