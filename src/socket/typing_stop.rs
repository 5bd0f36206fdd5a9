//! `typing:stop`: others in the room see that the user types no more.

use super::context::Context;
use crate::{chat::id::RoomId, error::Result, protocol::Nothing};

pub(super) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    cx.ensure_may_enter(&room_id).await?;
    cx.session.stop_typing(&cx.app.rooms, &cx.seat, &room_id);
    Ok(Nothing {})
}
