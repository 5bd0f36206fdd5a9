//! Makes the actor a member of a public room. The actor's other sockets are notified as of an invitation, and everybody in
//! the room is sent the new list of members.

use super::Actor;
use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{Error, Result, id::RoomId},
    clock, db,
    protocol::{RoomInvitedView, RoomMembersView, RoomView, event},
};

/// Returns the room with its members.
pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId) -> Result<RoomView> {
    let user_id = actor.user_id();
    app.access.ensure_may_enter(user_id, room_id).await?;
    app.access.user_name(actor.user_id()).await?;
    let is_new = db::rooms::insert_member(&app.db, room_id, (user_id, user_id), clock::now()).await?;
    let stored = db::rooms::find(&app.db, room_id).await?.ok_or(Error::RoomNotFound)?;
    let members = db::rooms::list_members(&app.db, room_id).await?;
    if !members.iter().any(|member| member.id == *user_id) {
        return Err(db::refused_by_rule("the database stored no such member of the room".to_owned()));
    }
    let room = RoomView {
        id: room_id.clone(),
        name: stored.name,
        kind: stored.kind.0,
        created_at: stored.created_at,
        members: members.iter().map(|member| member.id.clone()).collect(),
    };
    if is_new {
        app.access.invalidate_room(room_id).await;
        app.access.note_members(room_id, &members).await;
        app.rooms.recount(room_id, std::slice::from_ref(user_id));
        let view = RoomInvitedView { room: &room, from: actor.user };
        if let Some(packet) = Encoded::new(event::ROOM_INVITED, &view) {
            // The actor's own socket gets the room in the answer.
            let except = Except { socket: actor.socket.map(|socket| socket.client.id()), ..Except::NOBODY };
            app.broadcast.send(Target::User(user_id), except, &packet);
        }
        let view = RoomMembersView { room_id, members: &members };
        app.rooms.push_notice(room_id, Encoded::new(event::ROOM_MEMBERS, &view));
    }
    Ok(room)
}
