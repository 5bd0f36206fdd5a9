//! `room:leave`: hears the room no more. Others see the user leave with the last of its sockets.

use super::context::Context;
use crate::{chat::id::RoomId, error::Result, protocol::Nothing};

pub(super) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    cx.session.stop_typing_if_begun(&cx.app.rooms, &cx.seat, &room_id);
    if cx.session.left(&room_id) {
        cx.app.rooms.tell_activity_in(&cx.app.access, &room_id).await;
        cx.app.rooms.leave(&cx.seat, &room_id, &cx.session.user);
    }
    Ok(Nothing {})
}
