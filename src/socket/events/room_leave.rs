//! `room:leave`: leaves a room, whose events the socket is not sent any more. The others are sent that the user left
//! when the last of the user's sockets has left.

use crate::{
    actions::room_leave,
    chat::{Result, id::RoomId},
    protocol::Nothing,
    socket::context::Context,
};

pub(in crate::socket) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    room_leave::run(&cx.app, cx.actor(), cx.acting_socket(), &room_id).await;
    Ok(Nothing {})
}
