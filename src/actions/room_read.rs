//! Marks a room as read up to now, and broadcasts the read mark to the others.

use super::Actor;
use crate::{
    app::App,
    broadcast::Encoded,
    chat::{Result, id::RoomId},
    clock,
    db::read_markers::ReadMark,
    protocol::{RoomUserReadView, event},
};

/// `is_durable`: return only when the mark is stored.
pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId, is_durable: bool) -> Result<()> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    let at = clock::now();
    let seq = app.rooms.live_seq(room_id);
    let mark = ReadMark { room_id: room_id.clone(), user_id: actor.user_id().clone(), at, seq };
    if is_durable {
        app.rooms.mark_read_durably(mark).await?;
    } else {
        app.rooms.mark_read(mark);
    }
    let view = RoomUserReadView { room_id, user_id: actor.user_id(), timestamp: at };
    let from = actor.socket.map(|socket| socket.client);
    app.rooms.push_ephemeral(from, room_id, Encoded::new(event::ROOM_USER_READ, &view));
    Ok(())
}
