//! Lists the users who are in a room at this moment.

use super::Actor;
use crate::{
    app::App,
    chat::{
        Result,
        id::{RoomId, UserId},
    },
};

/// Returns at most `limit` of the users, and the total number.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    room_id: &RoomId,
    limit: usize,
) -> Result<(Vec<UserId>, usize)> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    Ok(app.rooms.list_present(room_id, actor.user_id(), limit))
}
