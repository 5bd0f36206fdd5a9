//! Lists the members of a room, to whoever may enter it.

use super::Actor;
use crate::{
    app::App,
    chat::{Result, id::RoomId},
    db,
    protocol::MemberView,
};

/// Returns at most `limit` members whose ids come after `last`, in the order of their ids.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    room_id: &RoomId,
    last: &str,
    limit: usize,
) -> Result<Vec<MemberView>> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    db::rooms::list_members_after(&app.db, room_id, last, limit).await
}
