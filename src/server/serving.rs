//! Serves HTTP/1.1 on connections: header timeouts, header limits and graceful shutdown.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service;

use super::admission::{Admission, Admitted};
use crate::connection::{ClientStream, Connections};

/// The largest block of headers, in bytes; Node's own limit.
const MAX_HEADER_SIZE: usize = 16 * 1_024;
/// The most headers of one request; Node takes 2,000.
const MAX_HEADERS: usize = 1_000;
/// How long a connection above the limit waits for another to be closed before it serves health checks only.
const WAIT_FOR_ROOM: Duration = Duration::from_millis(200);
/// The header timeout of a connection that serves health checks only.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves a server's connections.
pub(super) struct Serving {
    pub(super) admission: Arc<Admission>,
    pub(super) connections: Arc<Connections>,
    pub(super) routes: Arc<Routes>,
    /// Tracks the tasks that serve HTTP connections.
    pub(super) serving: TaskTracker,
    pub(super) stopping: CancellationToken,
}

/// The routers that answer a connection, and the header timeout.
pub(super) struct Routes {
    pub(super) all: Router,
    /// The router for connections above the limit.
    pub(super) health: Router,
    /// The time for a request's headers, and between two requests.
    pub(super) header_timeout: Duration,
}

impl Serving {
    /// Serves a connection in a task of its own.
    pub(super) fn serve(&self, stream: TcpStream, admitted: Admitted) {
        let (routes, stopping) = (Arc::clone(&self.routes), self.stopping.clone());
        match admitted {
            Admitted::Regular(permit) => {
                let stream = self.connections.open(stream, permit);
                self.admission.list(stream.connection());
                self.serving.spawn(async move { routes.serve(stream, stopping).await });
            }
            Admitted::HealthOnly(permit) => {
                let connections = Arc::clone(&self.connections);
                let admission = Arc::clone(&self.admission);
                self.serving.spawn(async move {
                    match timeout(WAIT_FOR_ROOM, admission.room()).await.ok().flatten() {
                        Some(room) => {
                            drop(permit);
                            let stream = connections.open(stream, room);
                            admission.list(stream.connection());
                            routes.serve(stream, stopping).await;
                        }
                        None => routes.serve_health(connections.open(stream, permit), stopping).await,
                    }
                });
            }
        }
    }
}

impl Routes {
    async fn serve(&self, stream: ClientStream, stopping: CancellationToken) {
        serve_connection(stream, &self.all, self.header_timeout, stopping).await;
    }

    async fn serve_health(&self, stream: ClientStream, stopping: CancellationToken) {
        serve_connection(stream, &self.health, HEALTH_TIMEOUT, stopping).await;
    }
}

/// Serves until the client closes, a timeout passes, or the server stops. A request that is under way then is still
/// answered.
async fn serve_connection(
    stream: ClientStream,
    router: &Router,
    header_timeout: Duration,
    stopping: CancellationToken,
) {
    let connection = stream.connection().clone();
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(connection.clone());
        let mut router = router.clone();
        async move { Ok::<Response<Body>, Infallible>(into_response(router.call(request).await)) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_SIZE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    let served = tokio::select! {
        served = serving.as_mut() => served,
        () = stopping.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended with an error");
    }
}

fn into_response(result: Result<Response<Body>, Infallible>) -> Response<Body> {
    let Ok(response) = result;
    response
}
