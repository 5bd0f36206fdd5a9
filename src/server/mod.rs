//! Assembles the server: sockets, router, listener, signals, shutdown. Only the commands import it.

mod admission;
mod serving;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Extensions, Request, Uri},
    routing::any,
};
use socketioxide::{ParserConfig, SocketIo, service::SocketIoService};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, predicate::SizeAbove},
};
use tower_service::Service;

use self::{
    admission::{Admission, Admitted},
    serving::{Routes, Serving},
};
use crate::{
    app::App,
    auth::{Authenticator, Keys},
    broadcast::Broadcast,
    config::Config,
    connection::{Acceptor, ConnectionSettings, Connections, SocketRoute},
    db::Db,
    engine::{Engine, EngineSettings, EngineStream},
    http, socket,
    webhook::Webhook,
};

/// The time that requests under way get after the last socket has been closed.
const LAST_REQUESTS: Duration = Duration::from_millis(500);
/// How long a closed connection lingers to write the bytes that its peer has not read yet.
const LINGER: Duration = Duration::from_secs(10);
/// The deadline for an upgrade from polling to a websocket, as in Node.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// Answers to polls above this size, in bytes, are compressed for clients that accept it, as in Node.
const COMPRESS_ABOVE: u64 = 1_024;

/// The ping interval of the library: so long that it sends only its first ping, which our transports answer. They keep
/// the heartbeat.
const NO_PING: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// The read buffer of a websocket, in bytes: room for a few events of usual size.
const READ_BUFFER: usize = 2 * 1_024;

/// The most binary attachments of one packet, and the limit on their total size, in payloads of the largest size.
const ATTACHMENTS: usize = 10_000;
const ATTACHED_PAYLOADS: usize = 10;

pub struct Server {
    app: Arc<App>,
    io: SocketIo,
    routes: Routes,
    admission: Arc<Admission>,
    acceptor: Acceptor<Admitted>,
}

impl Server {
    /// Binds the port and starts the background tasks. [`Self::run`] then serves connections.
    pub fn bind(config: Config, db: Db, keys: Keys) -> io::Result<Self> {
        let authenticator = Authenticator::new(keys, &config).map_err(io::Error::other)?;
        let webhook = config.webhook.as_ref().map(Webhook::new).transpose().map_err(io::Error::other)?;
        let sockets = config.sockets.clone();
        let user_timeout = sockets.ping_interval + sockets.ping_timeout;
        let address = config.address();
        let admission = Admission::new(sockets.max_connections);
        let acceptor = Acceptor::listen(address, user_timeout, {
            let admission = Arc::clone(&admission);
            move || admission.admit()
        })?;
        let (service, io) = SocketIo::builder()
            .ping_interval(NO_PING)
            .connect_timeout(sockets.connect_timeout)
            .max_payload(sockets.max_payload as u64)
            .ws_max_message_size(sockets.max_payload)
            .ws_max_frame_size(sockets.max_payload)
            .max_buffer_size(sockets.send_buffer)
            .ws_read_buffer_size(READ_BUFFER)
            // Node limits the size of each attachment but not their number. Here, more than any front end sends closes
            // the connection.
            .with_parser(
                ParserConfig::common()
                    .max_incoming_binaries(ATTACHMENTS)
                    .max_incoming_binary_buf_size(sockets.max_payload.saturating_mul(ATTACHED_PAYLOADS)),
            )
            .build_svc();
        let broadcast = Broadcast::new(io.clone(), &sockets.namespaces);
        let app = App::start(config, db, (authenticator, webhook), broadcast);
        socket::connect::register(&io, &app);
        let routes = Routes {
            all: http::around(http::router(Arc::clone(&app)).merge(engine_routes(service, &app)), &app),
            health: http::health(Arc::clone(&app)),
            header_timeout: sockets.header_timeout,
        };
        Ok(Self { app, io, routes, admission, acceptor })
    }

    pub fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }

    /// Serves until `stop` is done, then shuts down within the configured time: accepts no more connections, finishes
    /// and answers the requests that have begun, and closes the transports. Clients see a lost connection and reconnect
    /// by themselves.
    pub async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let Self { app, io, routes, admission, mut acceptor } = self;
        let sockets = &app.config.sockets;
        let lingering = TaskTracker::new();
        let settings = ConnectionSettings {
            flush_interval: sockets.flush_interval,
            send_limit: sockets.send_limit,
            linger: LINGER,
            aborted: app.metrics.instruments.aborted.clone(),
        };
        let serving = Serving {
            admission,
            connections: Arc::new(Connections::start(settings, lingering.clone())),
            routes: Arc::new(routes),
            serving: TaskTracker::new(),
            stopping: CancellationToken::new(),
        };
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                (stream, admitted) = acceptor.accept() => serving.serve(stream, admitted),
                () = stop.as_mut() => break,
            }
        }
        tracing::info!("shutting down");
        let deadline = Instant::now() + app.config.shutdown_timeout;
        drop(acceptor);
        let Serving { serving, stopping, connections, .. } = serving;
        stopping.cancel();
        serving.close();
        lingering.close();
        let drained = timeout_at(deadline, async {
            app.drain().await;
            let closed = async {
                io.close().await;
                // A request that still waits for an event belongs to a closed socket.
                let _last_requests = timeout(LAST_REQUESTS, serving.wait()).await;
                lingering.wait().await;
            };
            tokio::select! {
                () = closed => {}
                never = connections.abort_stalled() => match never {},
            }
        });
        if drained.await.is_err() {
            tracing::warn!("the shutdown timed out: some clients were still connected");
        }
        Ok(())
    }
}

/// Serves Socket.IO's path with our transports. The library gets a websocket for each session.
fn engine_routes<S>(service: SocketIoService<S>, app: &Arc<App>) -> axum::Router
where
    S: Clone + Send + Sync + 'static,
{
    let sockets = &app.config.sockets;
    let path = sockets.path.as_str();
    let settings = EngineSettings {
        ping_interval: sockets.ping_interval,
        ping_timeout: sockets.ping_timeout,
        body_timeout: sockets.body_timeout,
        upgrade_timeout: UPGRADE_TIMEOUT,
        max_payload: sockets.max_payload,
        send_limit: sockets.send_limit,
        max_unsigned: sockets.max_unsigned,
    };
    let keep = {
        let app = Arc::clone(app);
        move |request: &Request<Body>| {
            let mut kept = Extensions::new();
            kept.insert(Arc::new(app.authenticator.keep(request.headers(), request.uri())));
            kept
        }
    };
    let accept = move |stream, route, kept| accept(service.clone(), stream, (route, kept));
    let engine = Engine::new(settings, keep, accept);
    let serve = any(move |request: Request<Body>| Arc::clone(&engine).serve(request));
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESS_ABOVE));
    axum::Router::new()
        .route(path, serve.clone())
        .route(&format!("{path}/"), serve.clone())
        .route(&format!("{path}/{{*rest}}"), serve)
        .layer(compression)
}

/// Hands a session to the library. The socket has the route to its transport and the parts of the handshake that signing
/// in needs, and nothing else of the request.
fn accept<S: Clone>(
    mut service: SocketIoService<S>,
    stream: EngineStream,
    (route, kept): (SocketRoute, Extensions),
) {
    let mut request = Request::new(());
    *request.extensions_mut() = kept;
    *request.uri_mut() = Uri::from_static("/?EIO=4&transport=websocket");
    request.extensions_mut().insert(route);
    // The call is ready at once, and the library accepts this request.
    let accepted = Service::<(EngineStream, Request<()>)>::call(&mut service, (stream, request)).into_inner();
    if let Err(error) = accepted {
        tracing::error!(%error, "a session could not be opened");
    }
}
