//! A client has disconnected: the others in its rooms are sent that its user left, unless another socket of that user
//! is still there.

use std::sync::{Arc, atomic::AtomicBool};

use futures_util::future::BoxFuture;
use socketioxide::socket::DisconnectReason;

use super::{dispatch::Arrival, queue::EventQueue, session::Session};
use crate::{
    actions::{self, ActingSocket, Actor},
    app::App,
    broadcast::ClientSocket,
};

/// Runs after all earlier events of the socket have taken effect.
pub(super) async fn handle(
    app: Arc<App>,
    (session, queue): (Arc<Session>, Arc<EventQueue<Arrival>>),
    socket: ClientSocket,
    reason: DisconnectReason,
) {
    tracing::info!(sid = %socket.id(), user = %session.user.id, %reason, "disconnected");
    session.stop_counting();
    let _in_flight = app.in_flight.token();
    let close: BoxFuture<'static, ()> = {
        let (app, session) = (Arc::clone(&app), Arc::clone(&session));
        Box::pin(async move {
            let is_queued = AtomicBool::default();
            let socket = ActingSocket { client: &socket, state: &session.state, is_queued: &is_queued };
            let actor = Actor { claims: &session.claims, user: &session.user, socket: Some(socket) };
            actions::socket_close::run(&app, actor, socket).await;
        })
    };
    queue.finish(close).await;
    if session.is_known() {
        app.access.note_seen(&session.user.id).await;
    }
}
