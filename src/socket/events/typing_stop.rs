//! `typing:stop`: tells the others in the room that the user has stopped typing.

use crate::{
    actions::typing_stop,
    chat::{Result, id::RoomId},
    protocol::Nothing,
    socket::context::Context,
};

pub(in crate::socket) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    typing_stop::run(&cx.app, cx.actor(), cx.acting_socket(), &room_id).await?;
    Ok(Nothing {})
}
