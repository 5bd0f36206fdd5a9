//! Marks a room as read up to an entry, or up to now, and broadcasts the read mark to the others. A mark never goes back.

use super::Actor;
use crate::{
    app::App,
    chat::{Result, id::RoomId},
    clock,
    db::read_markers::ReadMark,
    rooms::Visibility,
};

/// `seq`: the last entry that was read; none: all. `is_durable`: return only when the mark is stored.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    room_id: &RoomId,
    seq: Option<i64>,
    is_durable: bool,
) -> Result<()> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    let Some((seq, at)) = app.rooms.read_position(room_id, seq, clock::now()).await? else {
        // The log keeps entries for a time. The mark is mostly later than those that are gone.
        return Ok(());
    };
    let mark = ReadMark { room_id: room_id.clone(), user_id: actor.user_id().clone(), at, seq: Some(seq) };
    let visibility = Visibility::of(app.access.has_private_reads(actor.user_id()).await?);
    app.rooms.mark_read(actor.socket.map(|socket| socket.client), mark, visibility, is_durable).await
}
