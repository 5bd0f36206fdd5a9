//! The step that leaving and removing share: a membership ends in the database, and everybody is notified.

use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{
        Result,
        id::{RoomId, UserId},
    },
    db,
    protocol::{MemberLeftView, RoomMembersView, event},
};

/// Ends a user's membership of a room, if they are a member. Every socket of the user is notified, and everybody in the
/// room is sent the new list of members. In a private room the user's sockets leave it.
pub(super) async fn end_membership(app: &App, room_id: &RoomId, user_id: &UserId) -> Result<()> {
    if !db::rooms::delete_member(&app.db, room_id, user_id).await? {
        return Ok(());
    }
    app.access.invalidate_room(room_id).await;
    // Before anything that may fail: asked again, the user is no member, and nobody would be told.
    app.rooms.recount(room_id, std::slice::from_ref(user_id));
    app.online.doubt(user_id);
    if let Some(packet) = Encoded::new(event::MEMBER_LEFT, &MemberLeftView { room_id }) {
        app.broadcast.send(Target::User(user_id), Except::NOBODY, &packet);
    }
    // Reading the room anew makes sockets leave it that may no longer be in it.
    app.access.room(room_id).await?;
    let members = db::rooms::list_members(&app.db, room_id).await?;
    let view = RoomMembersView { room_id, members: &members };
    app.rooms.push_notice(room_id, Encoded::new(event::ROOM_MEMBERS, &view));
    Ok(())
}
