//! Makes a user a member of a room. Every socket of that user is notified, and everybody in the room is sent the new
//! list of members. If the user is a member already, nothing is sent.

use super::Actor;
use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{
        Error, Result,
        id::{RoomId, UserId},
        permission,
    },
    clock, db,
    protocol::{MemberView, RoomInvitedView, RoomMembersView, RoomView, event},
};

/// Returns the members.
pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId, user_id: &UserId) -> Result<Vec<MemberView>> {
    let inviter = actor.user_id();
    let access = app.access.ensure_may_enter(inviter, room_id).await?;
    permission::ensure_may_invite(access.kind, inviter, user_id)?;
    app.access.user_name(user_id).await?;
    let is_new = db::rooms::insert_member(&app.db, room_id, (user_id, inviter), clock::now()).await?;
    let stored = db::rooms::find(&app.db, room_id).await?.ok_or(Error::RoomNotFound)?;
    let members = db::rooms::list_members(&app.db, room_id).await?;
    if !is_new && !members.iter().any(|member| member.id == *inviter) {
        // The inviter was removed from the room a moment ago, so the cached members are stale.
        app.access.invalidate_room(room_id).await;
        permission::ensure_may_enter(stored.kind.0, false)?;
    }
    if !members.iter().any(|member| member.id == *user_id) {
        return Err(db::refused_by_rule("the database stored no such member of the room".to_owned()));
    }
    if is_new {
        app.access.invalidate_room(room_id).await;
        app.access.note_members(room_id, &members).await;
        app.rooms.recount(room_id, std::slice::from_ref(user_id));
        let room = RoomView {
            id: room_id.clone(),
            name: stored.name,
            kind: stored.kind.0,
            created_at: stored.created_at,
            members: members.iter().map(|member| member.id.clone()).collect(),
        };
        let view = RoomInvitedView { room: &room, from: actor.user };
        if let Some(packet) = Encoded::new(event::ROOM_INVITED, &view) {
            app.broadcast.send(Target::User(user_id), Except::NOBODY, &packet);
        }
        let view = RoomMembersView { room_id, members: &members };
        app.rooms.push_notice(room_id, Encoded::new(event::ROOM_MEMBERS, &view));
    }
    Ok(members)
}
