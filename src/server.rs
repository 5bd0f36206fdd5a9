//! Assembles the server: sockets, router, listener, signals, shutdown. Nobody imports it but the commands.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::{ConnectInfo, Request, connect_info::Connected},
    http::{HeaderValue, StatusCode, request::Parts},
    middleware::{self, Next},
    response::Response,
    serve::IncomingStream,
};
use socketioxide::{ParserConfig, SocketIo};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    app::App,
    auth::Keys,
    config::Config,
    connection::{Acceptor, ClientStream, Connection, Connections, Line},
    db::Db,
    http, socket,
};

/// Time for requests that are under way when the last socket has been closed.
const LAST_REQUESTS: Duration = Duration::from_millis(500);

/// What a websocket is read in, in bytes, each for itself: a few events of a usual size.
const READ_BUFFER: usize = 2 * 1_024;

/// Binary attachments of one packet at the most, and how many of the largest size they may come to together.
const ATTACHMENTS: usize = 10_000;
const ATTACHED_PAYLOADS: usize = 10;

pub struct Server {
    app: Arc<App>,
    io: SocketIo,
    router: axum::Router,
    acceptor: Acceptor,
}

impl Server {
    /// Binds the port and starts the background tasks; the first connection is served by [`Self::run`].
    pub fn bind(config: Config, db: Db, keys: Keys) -> io::Result<Self> {
        let sockets = &config.sockets;
        let gone_after = sockets.ping_interval + sockets.ping_timeout;
        let acceptor = Acceptor::listen(SocketAddr::new(config.host, config.port), gone_after)?;
        let (layer, io) = SocketIo::builder()
            .ping_interval(sockets.ping_interval)
            .ping_timeout(sockets.ping_timeout)
            .connect_timeout(sockets.connect_timeout)
            .max_payload(sockets.max_payload as u64)
            .ws_max_message_size(sockets.max_payload)
            .ws_max_frame_size(sockets.max_payload)
            .max_buffer_size(sockets.send_buffer)
            .ws_read_buffer_size(READ_BUFFER)
            // Node bounds each attachment and not their number: what no front end sends ends the connection here.
            .with_parser(
                ParserConfig::common()
                    .max_incoming_binaries(ATTACHMENTS)
                    .max_incoming_binary_buf_size(sockets.max_payload.saturating_mul(ATTACHED_PAYLOADS)),
            )
            .build_layer();
        let app = App::start(config, db, keys, io.clone());
        socket::connect::register(&io, Arc::clone(&app));
        let router = http::router(Arc::clone(&app)).layer(layer).layer(middleware::from_fn(name_connection));
        let router = http::around(router, &app.config.cors);
        Ok(Self { app, io, router, acceptor })
    }

    pub fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }

    /// Serves until `stop` is done, then shuts down: takes no more connections, finishes and answers what was begun, closes
    /// the transports, all within the configured time. Clients see a lost connection and come back by themselves.
    pub async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let Self { app, io, router, acceptor } = self;
        let cut = app.metrics.instruments.cut.clone();
        let connections = Connections::start(app.config.sockets.flush_interval, cut);
        let listener = Listener { acceptor, connections };
        let (stopped, stopping) = tokio::sync::oneshot::channel::<()>();
        let serve = axum::serve(listener, router.into_make_service_with_connect_info::<Peer>())
            .with_graceful_shutdown(async {
                let _closed = stopping.await;
            });
        let mut serving = tokio::spawn(async move { serve.await });
        tokio::select! {
            result = &mut serving => return result.unwrap_or_else(|error| Err(io::Error::other(error))),
            () = stop => {}
        }
        tracing::info!("shutting down");
        let deadline = Instant::now() + app.config.shutdown_timeout;
        drop(stopped);
        let drained = timeout_at(deadline, async {
            app.drain().await;
            io.close().await;
            // A request that still waits for an event belongs to no socket any more.
            timeout(LAST_REQUESTS, serving).await
        });
        if drained.await.is_err() {
            tracing::warn!("some clients were still there when the time for shutting down was over");
        }
        Ok(())
    }
}

/// Connections as axum takes them.
struct Listener {
    acceptor: Acceptor,
    connections: Connections,
}

impl axum::serve::Listener for Listener {
    type Io = ClientStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (ClientStream, SocketAddr) {
        let (stream, address) = self.acceptor.accept().await;
        (self.connections.open(stream), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.acceptor.address())
    }
}

/// The connection that a request came over.
#[derive(Clone)]
struct Peer(Connection);

impl Connected<IncomingStream<'_, Listener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        Self(stream.io().connection().clone())
    }
}

/// Puts the connection where a socket finds it again, and notes when it has become a websocket.
async fn name_connection(
    ConnectInfo(Peer(connection)): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let query = request.uri().query().unwrap_or("");
    let sid = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "sid");
    let sid = sid.map(|(_, sid)| sid.into_owned());
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(Line::new(connection.clone()));
    if sid.is_none() {
        copy_out(&mut parts);
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        connection.becomes_websocket(sid.as_deref());
    }
    response
}

/// A socket keeps the request that it began with. Its headers and path are slices of what was read from the connection, 16 KiB
/// that would be kept with them: half of what an idle socket takes.
fn copy_out(parts: &mut Parts) {
    for value in parts.headers.values_mut() {
        if let Ok(mut copy) = HeaderValue::from_bytes(value.as_bytes()) {
            copy.set_sensitive(value.is_sensitive());
            *value = copy;
        }
    }
    if let Ok(copy) = parts.uri.to_string().parse() {
        parts.uri = copy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_out_says_the_same_and_shares_nothing() {
        let request = axum::http::Request::builder()
            .uri("/socket.io/?EIO=4&transport=websocket")
            .header("user-agent", "a browser")
            .header("x-twice", "one")
            .header("x-twice", "two");
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let read = parts.clone();
        copy_out(&mut parts);
        assert_eq!((&parts.uri, &parts.headers), (&read.uri, &read.headers));
        assert_ne!(parts.uri.path().as_ptr(), read.uri.path().as_ptr());
        for (copy, read) in parts.headers.values().zip(read.headers.values()) {
            assert_ne!(copy.as_bytes().as_ptr(), read.as_bytes().as_ptr());
        }
    }
}
