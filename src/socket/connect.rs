//! A client comes: who is it, and from here on its events are taken. All is registered before the client is told that it is
//! connected, so that nothing it sends at once is lost.

use std::{convert::Infallible, sync::Arc, time::Duration};

use serde_json::Map;
use socketioxide::{
    SocketIo,
    adapter::LocalAdapter,
    extract::{AckSender, Event, Extension, SocketRef},
    handler::{ConnectHandler, FromConnectParts, Value},
    socket::{DisconnectReason, Socket},
};
use tokio::time::{sleep, timeout};

use super::{argument::Packet, disconnect, dispatch, refusal_log::RefusalLog, session::Session};
use crate::{
    app::App, chat::room::personal_channel, connection::SocketRoute, error::Error, metrics::Counted,
    rooms::Seat,
};

/// What a client says of itself with its CONNECT packet.
#[derive(Default)]
pub(super) struct Presented {
    /// Empty if there is none.
    token: String,
    /// What the client says that it knows of this server; 0: nothing, as a client of the original.
    pub(super) protocol: u64,
    /// The client was connected before: it has a `pid` from then. Clients of Socket.IO 4.6 and later say so by themselves.
    pub(super) has_returned: bool,
}

/// What a client presents with its CONNECT packet.
enum Auth {
    Presented(Presented),
    /// Not what any client library sends.
    Garbage,
}

impl FromConnectParts<LocalAdapter> for Auth {
    type Error = Infallible;

    fn from_connect_parts(_: &Arc<Socket>, auth: &Option<Value>) -> Result<Self, Infallible> {
        let Some(Value::Str(text, _)) = auth else { return Ok(Auth::Presented(Presented::default())) };
        Ok(match serde_json::from_str::<Map<String, serde_json::Value>>(text.as_str()) {
            Ok(auth) => {
                let token = auth.get("token").and_then(|token| token.as_str()).unwrap_or("").to_owned();
                let protocol = auth.get("protocol").and_then(serde_json::Value::as_u64).unwrap_or(0);
                let has_returned = auth.get("pid").is_some_and(serde_json::Value::is_string);
                Auth::Presented(Presented { token, protocol, has_returned })
            }
            Err(_) => Auth::Garbage,
        })
    }
}

/// The longest that signing in waits for the database to know the user.
const PATIENCE: Duration = Duration::from_secs(1);

/// The whole of what a client is told when it is not let in.
const REFUSED: &str = "Authentication failed";

/// A connection ends with so many refusals. `socket.io-client` itself ends it with the first.
const MOST_REFUSALS: u32 = 3;

/// Time for a client to be told that it is refused, before its connection is cut.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Opens the namespace `/`.
pub fn register(io: &SocketIo, app: Arc<App>) {
    let log = Arc::new(RefusalLog::default());
    let sign_in = move |socket: SocketRef, auth: Auth| {
        let (app, log) = (Arc::clone(&app), Arc::clone(&log));
        async move {
            let (sid, seat) = (socket.id, Seat::new(socket.clone()));
            let refusals = seat.route().map_or(0, SocketRoute::refusals);
            if refusals >= MOST_REFUSALS {
                return Err(REFUSED);
            }
            let Auth::Presented(presented) = auth else {
                log.write(|left_out| tracing::info!(%sid, left_out, "garbage instead of a token: cut off"));
                seat.cut();
                return Err(REFUSED);
            };
            let welcomed = match app.keys.verify(&presented.token, &app.config.limits) {
                Ok(claims) => {
                    let counted = Counted::by(&app.metrics.instruments.sockets);
                    welcome(app, socket, Session::new(claims, &presented, counted)).await
                }
                Err(why) => Err(why),
            };
            let Err(why) = welcomed else { return Ok(()) };
            log.write(|left_out| tracing::info!(%sid, left_out, why, "refused"));
            if seat.route().is_some_and(|route| route.refuse() == MOST_REFUSALS) {
                tokio::spawn(async move {
                    sleep(LAST_WORDS).await;
                    seat.cut();
                });
            }
            Err(REFUSED)
        }
    };
    // The table of events is set up in the middleware, before the client is told that it is connected. What it sends at once
    // waits until the library has noted the same: until then nothing can be emitted to it.
    let open = move |socket: SocketRef, Extension(session): Extension<Arc<Session>>| {
        let seat = Seat::new(socket);
        let transport = seat.route().map_or("unknown", SocketRoute::transport);
        tracing::info!(sid = %seat.id(), user = %session.user.id, transport, "connected");
        async move { session.lane.open().await }
    };
    io.ns("/", open.with(sign_in));
}

async fn welcome(app: Arc<App>, socket: SocketRef, session: Session) -> Result<(), &'static str> {
    let session = Arc::new(session);
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
    socket.extensions.insert(Arc::clone(&session));
    socket.join(personal_channel(session.user.id.as_str()));
    match timeout(PATIENCE, session.ensure_known(&app.access)).await {
        Ok(Err(Error::UserNotFound)) => {
            return Err("not a user of the database");
        }
        // A database that is away keeps nobody out: the user is made sure of with the first event.
        Ok(Err(error)) => error.log(),
        Ok(Ok(())) | Err(_) => {}
    }
    // Before the client is told that it is connected: what it may send from then on is more than before.
    Seat::new(socket).route().into_iter().for_each(SocketRoute::sign_in);
    Ok(())
}
