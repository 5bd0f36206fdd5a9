//! Joins a room. The socket is sent its history and members, and from then on its events. Joining also marks the room
//! as read.

use super::{ActingSocket, Actor};
use crate::{
    app::App,
    chat::{Result, id::RoomId},
    db::read_markers::ReadMark,
    rooms::Visibility,
};

pub async fn run(app: &App, actor: Actor<'_>, socket: ActingSocket<'_>, room_id: RoomId) -> Result<()> {
    let room = app.access.ensure_may_enter(actor.user_id(), &room_id).await?;
    let members = app.access.list_members(&room_id, &room).await?;
    let user = (actor.user, socket.state.has_returned);
    let shown = app.rooms.join(socket.client, &room_id, user, members).await?;
    socket.state.enter(&room_id);
    if let Some(end) = shown.end {
        socket.state.page_ends.note(&room_id, end, shown.ends_in_tie);
    }
    let user_id = actor.user_id().clone();
    let visibility = Visibility::of(app.access.has_private_reads(&user_id).await?);
    app.rooms
        .note_joined(ReadMark { room_id, user_id, at: shown.read_until, seq: Some(shown.seq) }, visibility);
    Ok(())
}
