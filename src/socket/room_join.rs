//! `room:join`: a room's history and members, and from then on what happens in it. Joining reads the room.

use super::context::Context;
use crate::{chat::id::RoomId, clock, db::read_markers::ReadMark, error::Result, protocol::Nothing};

pub(super) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    let room = cx.ensure_may_enter(&room_id).await?;
    let members = cx.app.access.list_members(&room_id, &room).await?;
    let user = (&cx.session.user, cx.session.has_returned);
    let shown = cx.app.rooms.join(&cx.seat, &room_id, user, members).await?;
    cx.session.entered(&room_id);
    if let Some(end) = shown.end {
        cx.session.page_ends.note(&room_id, end, shown.ends_in_tie);
    }
    let user_id = cx.user_id().clone();
    cx.app.rooms.mark_read(ReadMark { room_id, user_id, at: clock::now(), seq: Some(shown.seq) });
    Ok(Nothing {})
}
