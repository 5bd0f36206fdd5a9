//! `room:read`: marks the room as read up to now. With an ack, the mark is stored before the ack is sent.

use crate::{
    actions::room_read,
    chat::{Result, id::RoomId},
    protocol::Nothing,
    socket::context::Context,
};

pub(in crate::socket) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    room_read::run(&cx.app, cx.actor(), &room_id, cx.has_callback).await?;
    Ok(Nothing {})
}
