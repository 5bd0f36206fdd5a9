//! Watches the presence of users with whom the actor shares a room.

use std::time::Instant;

use super::{ActingSocket, Actor};
use crate::{
    app::App,
    chat::{Result, id::UserId},
    db,
    protocol::PresenceView,
};

/// Replaces the users whose presence the socket watches; returns how it is.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    socket: ActingSocket<'_>,
    user_ids: &[UserId],
) -> Result<Vec<PresenceView>> {
    let checked = Instant::now();
    let mut watched = db::rooms::list_sharing(&app.db, actor.user_id(), user_ids).await?;
    if user_ids.contains(actor.user_id()) {
        watched.push(actor.user_id().clone());
    }
    watched.sort();
    watched.dedup();
    app.online.watch_presence(socket.client.id(), actor.user_id(), &watched, checked).await
}
