//! Returns one room, to whoever may enter it.

use super::{Actor, shown_room};
use crate::{
    app::App,
    chat::{Result, id::RoomId},
    protocol::ShownRoomView,
};

pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId) -> Result<ShownRoomView> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    shown_room::read(app, room_id).await
}
