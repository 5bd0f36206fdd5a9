//! Ends the actor's membership of a room. Every socket of the actor is notified, and everybody in the room is sent the new
//! list of members. In a private room the actor's sockets leave it.

use super::Actor;
use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{Result, id::RoomId, permission},
    db,
    protocol::{MemberLeftView, RoomMembersView, event},
};

pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId) -> Result<()> {
    let user_id = actor.user_id();
    let access = app.access.ensure_may_enter(user_id, room_id).await?;
    permission::ensure_may_end_membership(access.kind)?;
    if !db::rooms::delete_member(&app.db, room_id, user_id).await? {
        return Ok(());
    }
    app.access.invalidate_room(room_id).await;
    // Reading the room anew makes sockets leave it that may no longer be in it.
    app.access.room(room_id).await?;
    app.rooms.recount(room_id, std::slice::from_ref(user_id));
    let members = db::rooms::list_members(&app.db, room_id).await?;
    if let Some(packet) = Encoded::new(event::MEMBER_LEFT, &MemberLeftView { room_id }) {
        app.broadcast.send(Target::User(user_id), Except::NOBODY, &packet);
    }
    let view = RoomMembersView { room_id, members: &members };
    app.rooms.push_notice(room_id, Encoded::new(event::ROOM_MEMBERS, &view));
    Ok(())
}
