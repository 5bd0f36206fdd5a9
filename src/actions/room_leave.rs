//! Leaves a room. The others are sent that the user left when the last of the user's sockets has left.

use super::{ActingSocket, Actor};
use crate::{app::App, chat::id::RoomId};

pub async fn run(app: &App, actor: Actor<'_>, socket: ActingSocket<'_>, room_id: &RoomId) {
    socket.stop_typing_if_begun(&app.rooms, actor.user, room_id);
    if socket.state.leave(room_id) {
        app.rooms.push_unread_in(&app.access, room_id).await;
        app.rooms.leave(socket.client, room_id, actor.user);
    }
}
