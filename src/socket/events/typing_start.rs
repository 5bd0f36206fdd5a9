//! `typing:start`: tells the others in the room that the user is typing.

use crate::{
    actions::typing_start,
    chat::{Result, id::RoomId},
    protocol::Nothing,
    socket::context::Context,
};

pub(in crate::socket) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    typing_start::run(&cx.app, cx.actor(), cx.acting_socket(), &room_id).await?;
    Ok(Nothing {})
}
