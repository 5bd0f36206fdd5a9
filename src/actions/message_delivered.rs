//! Records that a room's messages have reached a device of the actor up to an entry, and broadcasts it to the others.
//! A mark never goes back.

use super::Actor;
use crate::{
    app::App,
    chat::{Result, id::RoomId},
    clock,
    db::delivery_markers::DeliveryMark,
};

pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId, seq: i64) -> Result<()> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    // Never beyond the end of the log.
    let Some((seq, _)) = app.rooms.read_position(room_id, Some(seq), clock::now()).await? else {
        return Ok(());
    };
    let mark = DeliveryMark { room_id: room_id.clone(), user_id: actor.user_id().clone(), seq };
    app.rooms.mark_delivered(actor.socket.map(|socket| socket.client), mark);
    Ok(())
}
