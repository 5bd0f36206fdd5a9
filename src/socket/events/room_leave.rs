//! `room:leave`: hears the room no more. Others see the user leave with the last of its sockets.

use crate::{
    actions::room_leave, chat::id::RoomId, error::Result, protocol::Nothing, socket::context::Context,
};

pub(in crate::socket) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    room_leave::run(&cx.app, cx.actor(), cx.acting_socket(), &room_id).await;
    Ok(Nothing {})
}
