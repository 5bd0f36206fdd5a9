//! `room:read`: the user has read the room up to now. With an ack it is stored when the ack comes.

use super::context::Context;
use crate::{
    chat::id::RoomId,
    clock,
    db::read_markers::ReadMark,
    error::Result,
    protocol::{Nothing, RoomUserReadView, event},
};

pub(super) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    cx.ensure_may_enter(&room_id).await?;
    let at = clock::now();
    let seq = cx.app.rooms.live_seq(&room_id);
    let mark = ReadMark { room_id: room_id.clone(), user_id: cx.user_id().clone(), at, seq };
    if cx.has_callback {
        cx.app.rooms.mark_read_durably(mark).await?;
    } else {
        cx.app.rooms.mark_read(mark);
    }
    let view = RoomUserReadView { room_id: &room_id, user_id: cx.user_id(), timestamp: at };
    cx.app.rooms.tell_ephemeral(&cx.seat, &room_id, event::ROOM_USER_READ, &view);
    Ok(Nothing {})
}
