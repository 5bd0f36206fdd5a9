//! Ends the membership of another user, on behalf of the room's owner. Everybody is notified as when the user leaves.

use super::{Actor, end_membership::end_membership};
use crate::{
    app::App,
    chat::{
        Error, Result,
        id::{RoomId, UserId},
        permission,
    },
    db,
};

/// Nothing happens if the user is not a member.
pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId, user_id: &UserId) -> Result<()> {
    let access = app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    let found = db::room_details::find_room(&app.db, room_id).await?.ok_or(Error::RoomNotFound)?;
    permission::ensure_may_remove(access.kind, (actor.user_id(), user_id), found.owner_id.as_ref())?;
    end_membership(app, room_id, user_id).await
}
