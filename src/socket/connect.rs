//! A client connects: it is authenticated, and its event handlers are registered before it is told that it is
//! connected, so that an event that it sends at once is not lost.

use std::{
    fmt, mem,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use futures_util::future::BoxFuture;
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
    handshake::Auth,
    payload::Packet,
    queue::EventQueue,
    session::Session,
    sign_in::find_user,
};
use crate::{
    actions::{self, ActingSocket, Actor},
    app::App,
    auth::Refused,
    broadcast::{ClientSocket, NamespaceIndex},
    chat::{Error, room::personal_channel},
    clock,
    connection::{Hold, SocketRoute},
    metrics::GaugeGuard,
};

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

/// Opens the namespaces.
pub fn register(io: &SocketIo, app: &Arc<App>) {
    for (index, path) in app.config.sockets.namespaces.iter().enumerate() {
        open_namespace(io, app, (NamespaceIndex::new(index), path));
    }
}

fn open_namespace(io: &SocketIo, app: &Arc<App>, (namespace, path): (NamespaceIndex, &str)) {
    let middleware = {
        let app = Arc::clone(app);
        move |socket: SocketRef, auth: Auth| {
            admit(Arc::clone(&app), ClientSocket::new(socket.clone(), namespace), (socket, auth))
        }
    };
    // The event table is set up in the middleware, before the client is told that it is connected. Events that it sends
    // at once are queued until the library has marked the socket as connected, because nothing can be emitted to it
    // before.
    let app = Arc::clone(app);
    let open = move |socket: SocketRef, Extension(SignedIn { session, queue }): Extension<SignedIn>| {
        let client = ClientSocket::new(socket, namespace);
        let transport = client.route().map_or("unknown", SocketRoute::transport);
        tracing::info!(sid = %client.id(), user = %session.user.id, transport, "connected");
        let first = app.config.sockets.auto_join_rooms.then(|| auto_join(Arc::clone(&app), session, client));
        async move { queue.open(first).await }
    };
    io.ns(path.to_owned(), open.with(middleware));
}

/// Joins the socket to its user's rooms. If that is not possible now, the connection is aborted: the client connects again
/// by itself, and would otherwise hear nothing of its rooms.
fn auto_join(app: Arc<App>, session: Arc<Session>, client: ClientSocket) -> BoxFuture<'static, ()> {
    let in_flight = app.in_flight.token();
    Box::pin(async move {
        let _in_flight = in_flight;
        let is_queued = AtomicBool::default();
        let socket = ActingSocket { client: &client, state: &session.state, is_queued: &is_queued };
        let actor = Actor { claims: &session.claims, user: &session.user, socket: Some(socket) };
        let joined = actions::rooms_auto_join::run(&app, actor, socket);
        if let Err(error) = clock::within(app.config.database_timeout, joined).await {
            error.log();
            tracing::warn!(sid = %client.id(), "the user's rooms could not be joined: connection aborted");
            client.abort();
        }
    })
}

/// Signs the client in, or refuses it.
async fn admit(
    app: Arc<App>,
    client: ClientSocket,
    (socket, auth): (SocketRef, Auth),
) -> Result<(), Refusal> {
    let sid = client.id();
    let log = Arc::clone(&app.refusals);
    let refusals = client.route().map_or(0, SocketRoute::refusals);
    if refusals >= MAX_REFUSALS {
        return Err(Refusal::of(&client));
    }
    let Auth::Presented(mut presented) = auth else {
        log.write(|left_out| tracing::info!(%sid, left_out, "malformed credentials: connection closed"));
        client.abort();
        return Err(Refusal::of(&client));
    };
    let opened = match find_user(&app, &client, mem::take(&mut presented.auth)).await {
        Ok(claims) => {
            client.set_bodies(presented.bodies);
            let gauge_guard = GaugeGuard::by(&app.metrics.instruments.sockets);
            let connected = (gauge_guard, app.online.connect(&claims.sub));
            open_session(app, (&client, socket), Session::new(claims, &presented, connected)).await
        }
        Err(refused) => Err(refused),
    };
    match opened {
        Ok(()) => return Ok(()),
        Err(Refused::Denied(why)) => log.write(|left_out| tracing::info!(%sid, left_out, why, "refused")),
        Err(Refused::Unavailable(why)) => {
            log.write(|left_out| tracing::warn!(%sid, left_out, why, "nobody can be signed in"));
            // The client takes it for a broken network, and tries again by itself. It would not after a refusal.
            client.abort();
            return Err(Refusal::of(&client));
        }
    }
    let refusal = Refusal::of(&client);
    if client.route().is_some_and(|route| route.refuse() == MAX_REFUSALS) {
        tokio::spawn(async move {
            sleep(REFUSAL_DELAY).await;
            client.abort();
        });
    }
    Err(refusal)
}

async fn open_session(
    app: Arc<App>,
    (client, socket): (&ClientSocket, SocketRef),
    session: Session,
) -> Result<(), Refused> {
    let (session, queue) = (Arc::new(session), Arc::<EventQueue<Arrival>>::default());
    {
        let (app, session, queue) = (Arc::clone(&app), Arc::clone(&session), Arc::clone(&queue));
        let namespace = client.id().namespace();
        socket.on_fallback(move |socket: SocketRef, event: Event, packet: Packet, ack: AckSender| {
            let socket = ClientSocket::new(socket, namespace);
            let route = events::route(&app, &event.0);
            dispatch::accept(&app, (&session, &queue), route, (socket, event, packet, ack));
            let queue = Arc::clone(&queue);
            async move { queue.drain().await }
        });
    }
    {
        let (app, session, queue) = (Arc::clone(&app), Arc::clone(&session), Arc::clone(&queue));
        let namespace = client.id().namespace();
        socket.on_disconnect(move |socket: SocketRef, reason: DisconnectReason| {
            disconnect::handle(app, (session, queue), ClientSocket::new(socket, namespace), reason)
        });
    }
    socket.extensions.insert(SignedIn { session: Arc::clone(&session), queue });
    socket.join(personal_channel(session.user.id.as_str()));
    match timeout(actions::user_sign_in::USER_LOOKUP_TIMEOUT, session.ensure_exists(&app.access)).await {
        Ok(Err(Error::UserNotFound)) => {
            return Err(Refused::Denied("not a user of the database".to_owned()));
        }
        Ok(Err(Error::EmailTaken)) => {
            return Err(Refused::Denied(
                "another user has the same e-mail address: see SAME_EMAIL".to_owned(),
            ));
        }
        // A database that is away keeps nobody out: the first event then ensures that the user exists.
        Ok(Err(error)) => error.log(),
        Ok(Ok(())) | Err(_) => {}
    }
    // Lift the limits before the client is told that it is connected: it may send more from then on.
    client.route().into_iter().for_each(SocketRoute::sign_in);
    Ok(())
}
