//! Handles a closed socket: its user stops typing there, it leaves its rooms, and its subscriptions to unread counts
//! and to the presence of users end.

use super::{ActingSocket, Actor};
use crate::app::App;

pub async fn run(app: &App, actor: Actor<'_>, socket: ActingSocket<'_>) {
    for room_id in socket.state.take_typing() {
        socket.stop_typing(&app.rooms, actor.user, &room_id);
    }
    for room_id in socket.state.take_rooms() {
        app.rooms.leave(socket.client, &room_id, actor.user);
    }
    app.online.unwatch(socket.client.id());
    if socket.state.is_watching() {
        app.rooms.unwatch(actor.user_id(), socket.client.id());
    }
}
