//! A client comes: who is it, and from here on its events are taken. All is registered before the client is told that it is
//! connected, so that nothing it sends at once is lost.

use std::sync::Arc;

use serde::Deserialize;
use socketioxide::{
    SocketIo, TransportType,
    extract::{AckSender, Event, SocketRef, TryData},
    handler::ConnectHandler,
    socket::DisconnectReason,
};

use super::{argument::Packet, disconnect, dispatch, session::Session};
use crate::{app::App, auth::Claims, chat::room::personal_channel, error::Error, rooms::Seat};

/// What a client presents. A token that is not text is none.
#[derive(Deserialize)]
struct Auth {
    token: String,
}

/// The whole of what a client is told when it is not let in.
const REFUSED: &str = "Authentication failed";

/// Opens the namespace `/`.
pub fn register(io: &SocketIo, app: Arc<App>) {
    let sign_in = move |socket: SocketRef, transport: TransportType, auth: TryData<Auth>| {
        let app = Arc::clone(&app);
        async move {
            let token = auth.0.as_ref().map_or("", |auth| auth.token.as_str());
            match app.keys.verify(token, &app.config.limits) {
                Ok(claims) => welcome(app, socket, transport, claims).await,
                Err(why) => {
                    tracing::info!(sid = %socket.id, %why, "refused");
                    Err(REFUSED)
                }
            }
        }
    };
    // The table of events is set up in the middleware; there is nothing left to do on connection.
    io.ns("/", (|| async {}).with(sign_in));
}

async fn welcome(
    app: Arc<App>,
    socket: SocketRef,
    transport: TransportType,
    claims: Claims,
) -> Result<(), &'static str> {
    let session = Arc::new(Session::new(claims));
    {
        let (app, session) = (Arc::clone(&app), Arc::clone(&session));
        socket.on_fallback(move |socket: SocketRef, event: Event, packet: Packet, ack: AckSender| {
            dispatch::accept(&app, &session, (socket, event, packet, ack));
            let session = Arc::clone(&session);
            async move { session.lane.drain().await }
        });
    }
    {
        let (app, session) = (Arc::clone(&app), Arc::clone(&session));
        socket.on_disconnect(move |socket: SocketRef, reason: DisconnectReason| {
            disconnect::handle(app, session, Seat::new(socket), reason)
        });
    }
    socket.join(personal_channel(session.user.id.as_str()));
    match app.access.ensure_user(&session.claims).await {
        Ok(_) => {}
        Err(Error::UserNotFound) => {
            tracing::info!(sid = %socket.id, user = %session.user.id, "refused: not a user of the database");
            return Err(REFUSED);
        }
        // A database that is away keeps nobody out: the user is made sure of again with the first event.
        Err(error) => error.log(),
    }
    tracing::info!(sid = %socket.id, user = %session.user.id, ?transport, "connected");
    Ok(())
}
