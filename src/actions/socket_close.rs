//! Handles a closed socket: its user stops typing there, it leaves its rooms, and its subscription to `room:activity`
//! ends.

use super::{ActingSocket, Actor};
use crate::app::App;

pub async fn run(app: &App, actor: Actor<'_>, socket: ActingSocket<'_>) {
    for room_id in socket.state.take_typing() {
        socket.stop_typing(&app.rooms, actor.user, &room_id);
    }
    for room_id in socket.state.take_rooms() {
        app.rooms.leave(socket.client, &room_id, actor.user);
    }
    if socket.state.is_watching() {
        app.rooms.unwatch(actor.user_id());
    }
}
