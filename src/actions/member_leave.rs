//! Ends the actor's membership of a room. Every socket of the actor is notified, and everybody in the room is sent the new
//! list of members. In a private room the actor's sockets leave it.

use super::{Actor, end_membership::end_membership};
use crate::{
    app::App,
    chat::{Result, id::RoomId, permission},
};

pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId) -> Result<()> {
    let user_id = actor.user_id();
    let access = app.access.ensure_may_enter(user_id, room_id).await?;
    permission::ensure_may_end_membership(access.kind)?;
    end_membership(app, room_id, user_id).await
}
