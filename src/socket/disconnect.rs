//! A client is gone, in whatever way: others see its user leave, unless another socket of that user is still there.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use socketioxide::socket::DisconnectReason;

use super::session::Session;
use crate::{app::App, rooms::Seat};

/// After all that the socket sent before has taken effect.
pub(super) async fn handle(app: Arc<App>, session: Arc<Session>, seat: Seat, reason: DisconnectReason) {
    tracing::info!(sid = %seat.id(), user = %session.user.id, %reason, "disconnected");
    session.uncount();
    let _in_flight = app.in_flight.token();
    let leave: BoxFuture<'static, ()> = {
        let (app, session) = (Arc::clone(&app), Arc::clone(&session));
        Box::pin(async move {
            for room_id in session.take_typing() {
                session.stop_typing(&app.rooms, &seat, &room_id);
            }
            for room_id in session.take_rooms() {
                app.rooms.leave(&seat, &room_id, &session.user);
            }
            if session.is_watching() {
                app.rooms.unwatch(&session.user.id);
            }
        })
    };
    session.lane.finish(leave).await;
    if session.is_known() {
        app.access.note_seen(&session.user.id).await;
    }
}
