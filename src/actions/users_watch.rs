//! Watches whether users are online by any device. Only users who share a room with the actor are watched.

use super::{ActingSocket, Actor};
use crate::{
    app::App,
    chat::{Result, id::UserId},
    db,
};

/// Replaces the users that the socket watches; returns those who are online.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    socket: ActingSocket<'_>,
    user_ids: &[UserId],
) -> Result<Vec<UserId>> {
    let mut watched = db::rooms::list_sharing(&app.db, actor.user_id(), user_ids).await?;
    watched.sort();
    Ok(app.online.watch(socket.client.id(), watched))
}
