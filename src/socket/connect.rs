//! A client connects: it is authenticated, and its event handlers are registered before it is told that it is
//! connected, so that an event that it sends at once is not lost.

use std::{fmt, sync::Arc, time::Duration};

use socketioxide::{
    SocketIo,
    extract::{AckSender, Event, Extension, SocketRef},
    handler::ConnectHandler,
    socket::DisconnectReason,
};
use tokio::time::{sleep, timeout};

use super::{
    disconnect,
    dispatch::{self, Arrival},
    events,
    handshake::{Auth, Presented},
    payload::Packet,
    queue::EventQueue,
    refusal_log::RefusalLog,
    session::Session,
};
use crate::{
    app::App,
    auth::{Claims, Handshake, Refused},
    broadcast::ClientSocket,
    chat::{Error, room::personal_channel},
    config::SameEmail,
    connection::{Hold, SocketRoute},
    metrics::GaugeGuard,
};

/// The longest that a sign-in waits for the database to find or create the user.
const USER_LOOKUP_TIMEOUT: Duration = Duration::from_secs(1);

/// The text of every refused sign-in, which does not say why.
const REFUSED: &str = "Authentication failed";

/// The connection is closed after this many refused sign-ins. `socket.io-client` itself closes it after the first.
const MAX_REFUSALS: u32 = 3;

/// The time that a client gets to receive its last refusal before its connection is aborted.
const REFUSAL_DELAY: Duration = Duration::from_millis(100);

/// A refused sign-in. Until the library has told the client and dropped this, the client's next packets are held back: the
/// library ignores a CONNECT that comes before the task of the last one has ended, and its client would wait for ever.
struct Refusal {
    _hold: Option<Hold>,
}

impl Refusal {
    fn of(client: &ClientSocket) -> Self {
        Self { _hold: client.route().map(SocketRoute::hold) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REFUSED)
    }
}

/// A socket that has signed in.
#[derive(Clone)]
struct SignedIn {
    session: Arc<Session>,
    queue: Arc<EventQueue<Arrival>>,
}

/// Opens the namespace `/`.
pub fn register(io: &SocketIo, app: Arc<App>) {
    let log = Arc::new(RefusalLog::default());
    let middleware = move |socket: SocketRef, auth: Auth| {
        let (app, log) = (Arc::clone(&app), Arc::clone(&log));
        async move {
            let (sid, client) = (socket.id, ClientSocket::new(socket.clone()));
            let refusals = client.route().map_or(0, SocketRoute::refusals);
            if refusals >= MAX_REFUSALS {
                return Err(Refusal::of(&client));
            }
            let Auth::Presented(presented) = auth else {
                log.write(
                    |left_out| tracing::info!(%sid, left_out, "malformed credentials: connection closed"),
                );
                client.abort();
                return Err(Refusal::of(&client));
            };
            let why = match sign_in(app, socket, &presented).await {
                Ok(()) => return Ok(()),
                Err(Refused::Denied(why)) => why,
                Err(Refused::Unavailable(why)) => {
                    log.write(|left_out| tracing::warn!(%sid, left_out, why, "sign-in is not possible"));
                    // The client takes it for a broken network, and tries again by itself. It would not after a refusal.
                    client.abort();
                    return Err(Refusal::of(&client));
                }
            };
            log.write(|left_out| tracing::info!(%sid, left_out, why, "refused"));
            let refusal = Refusal::of(&client);
            if client.route().is_some_and(|route| route.refuse() == MAX_REFUSALS) {
                tokio::spawn(async move {
                    sleep(REFUSAL_DELAY).await;
                    client.abort();
                });
            }
            Err(refusal)
        }
    };
    // The event table is set up in the middleware, before the client is told that it is connected. Events that it sends
    // at once are queued until the library has marked the socket as connected, because nothing can be emitted to it
    // before.
    let open = move |socket: SocketRef, Extension(SignedIn { session, queue }): Extension<SignedIn>| {
        let client = ClientSocket::new(socket);
        let transport = client.route().map_or("unknown", SocketRoute::transport);
        tracing::info!(sid = %client.id(), user = %session.user.id, transport, "connected");
        async move { queue.open().await }
    };
    io.ns("/", open.with(middleware));
}

/// Finds the user and opens the session.
async fn sign_in(app: Arc<App>, socket: SocketRef, presented: &Presented) -> Result<(), Refused> {
    let handshake = socket.req_parts().extensions.get::<Arc<Handshake>>().cloned().unwrap_or_default();
    let claims = app.authenticator.sign_in(&presented.auth, &handshake).await?;
    let claims = link_by_email(&app, claims).await?;
    let gauge_guard = GaugeGuard::by(&app.metrics.instruments.sockets);
    let connected = (gauge_guard, app.online.connect(&claims.sub));
    open_session(app, socket, Session::new(claims, presented, connected)).await
}

/// With `SAME_EMAIL=link`, a user who is not in the database is the one who has the same e-mail address.
async fn link_by_email(app: &App, mut claims: Claims) -> Result<Claims, Refused> {
    if app.config.sign_in.same_email != SameEmail::Link {
        return Ok(claims);
    }
    match timeout(USER_LOOKUP_TIMEOUT, app.access.find_same_email(&claims)).await {
        Ok(Ok(None)) => {}
        Ok(Ok(Some(owner))) => {
            tracing::info!(user = %claims.sub, %owner, "signs in as the user of the same e-mail address");
            claims.sub = owner;
        }
        // A second user is not to be made because the database was away.
        Ok(Err(error)) => return Err(Refused::Unavailable(error.cause())),
        Err(_) => return Err(Refused::Unavailable("the database did not answer in time".to_owned())),
    }
    Ok(claims)
}

async fn open_session(app: Arc<App>, socket: SocketRef, session: Session) -> Result<(), Refused> {
    let (session, queue) = (Arc::new(session), Arc::<EventQueue<Arrival>>::default());
    {
        let (app, session, queue) = (Arc::clone(&app), Arc::clone(&session), Arc::clone(&queue));
        socket.on_fallback(move |socket: SocketRef, event: Event, packet: Packet, ack: AckSender| {
            let route = events::find(&event.0);
            dispatch::accept(&app, (&session, &queue), route, (socket, event, packet, ack));
            let queue = Arc::clone(&queue);
            async move { queue.drain().await }
        });
    }
    {
        let (app, session, queue) = (Arc::clone(&app), Arc::clone(&session), Arc::clone(&queue));
        socket.on_disconnect(move |socket: SocketRef, reason: DisconnectReason| {
            disconnect::handle(app, (session, queue), ClientSocket::new(socket), reason)
        });
    }
    socket.extensions.insert(SignedIn { session: Arc::clone(&session), queue });
    socket.join(personal_channel(session.user.id.as_str()));
    match timeout(USER_LOOKUP_TIMEOUT, session.ensure_exists(&app.access)).await {
        Ok(Err(Error::UserNotFound)) => {
            return Err(Refused::Denied("not a user of the database".to_owned()));
        }
        Ok(Err(Error::EmailTaken)) => {
            return Err(Refused::Denied("another user has the same e-mail address: see SAME_EMAIL".to_owned()));
        }
        // A database that is away keeps nobody out: the first event then ensures that the user exists.
        Ok(Err(error)) => error.log(),
        Ok(Ok(())) | Err(_) => {}
    }
    // Lift the limits before the client is told that it is connected: it may send more from then on.
    ClientSocket::new(socket).route().into_iter().for_each(SocketRoute::sign_in);
    Ok(())
}
