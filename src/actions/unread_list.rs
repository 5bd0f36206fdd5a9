//! Lists the unread counts of the rooms that the actor is a member of.

use super::Actor;
use crate::{app::App, chat::Result, db::unread, protocol::RoomUnreadView};

/// The most rooms: those with the latest activity.
const MAX_ROOMS: i64 = 500;

/// Returns the counts, of the last active room first.
pub async fn run(app: &App, actor: Actor<'_>) -> Result<Vec<RoomUnreadView>> {
    app.rooms.flush_read_marks_of(actor.user_id()).await;
    let rooms = unread::list_of_user(&app.db, actor.user_id(), MAX_ROOMS).await?;
    Ok(rooms
        .into_iter()
        .map(|room| RoomUnreadView {
            room_id: room.room_id,
            unread_count: room.count,
            mention_count: room.mentions,
            seq: room.seq,
        })
        .collect())
}
