//! Lists the presence of users, by any device, to those who share a room with them.

use super::Actor;
use crate::{
    app::App,
    chat::{
        Result,
        id::{RoomId, UserId},
        permission,
    },
    db,
    protocol::{Presence, PresenceView},
};

/// The most users that are listed or watched.
pub const MAX_USERS: usize = 500;

/// Returns the presence of those of these users with whom the actor shares a room, and of the actor, if they are among
/// them.
pub async fn run(app: &App, actor: Actor<'_>, user_ids: &[UserId]) -> Result<Vec<PresenceView>> {
    let mut sharing = db::rooms::list_sharing(&app.db, actor.user_id(), user_ids).await?;
    if user_ids.contains(actor.user_id()) {
        sharing.push(actor.user_id().clone());
    }
    sharing.sort();
    sharing.dedup();
    app.online.list_presence(actor.user_id(), &sharing).await
}

/// Returns the presence of a room's members, to a member. Of a room with more than [`MAX_USERS`] members, those who are
/// there.
pub async fn of_room(app: &App, actor: Actor<'_>, room_id: &RoomId) -> Result<Vec<PresenceView>> {
    let room = app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    let members = app.access.list_members(room_id, &room).await?;
    let ids = || members.iter().map(|member| &member.id);
    permission::ensure_may_see_presence(ids().any(|id| id == actor.user_id()))?;
    if members.len() <= MAX_USERS {
        let ids: Vec<UserId> = ids().cloned().collect();
        return app.online.list_presence(actor.user_id(), &ids).await;
    }
    let connected = app.online.list_connected(ids(), MAX_USERS);
    let mut users = app.online.list_presence(actor.user_id(), &connected).await?;
    // Nobody but those who hide is offline here: they are left out as all others are.
    users.retain(|user| user.state != Presence::Offline);
    Ok(users)
}
