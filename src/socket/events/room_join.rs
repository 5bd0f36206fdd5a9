//! `room:join`: joins a room. The socket is sent its history and members, and from then on its events. Joining also
//! marks the room as read.

use crate::{
    actions::room_join,
    chat::{Result, id::RoomId},
    protocol::Nothing,
    socket::context::Context,
};

pub(in crate::socket) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    room_join::run(&cx.app, cx.actor(), cx.acting_socket(), room_id).await?;
    Ok(Nothing {})
}
