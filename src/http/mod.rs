//! Door 2: HTTP beside Socket.IO. One file per resource; this is the route table.

mod api;
mod cors;
mod demo;
mod docs;
mod encoding;
mod health;
mod metrics;
mod page;
mod problem;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::CACHE_CONTROL},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use tower_http::timeout::TimeoutLayer;

use crate::{app::App, chat::Error};

pub use api::document;

/// The routes of all resources.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/assets/{name}", get(page::asset))
        .route("/favicon.svg", get(page::icon))
        .route("/manifest.webmanifest", get(page::manifest))
        .route("/sw.js", get(page::worker))
        .route("/docs", get(docs::show))
        .route("/docs/{name}", get(docs::file))
        .route("/client.json", get(page::client_settings))
        .route("/demo", get(demo::users))
        .route("/demo/token", post(demo::token))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .merge(api::router(&app))
        .fallback(async || Error::NotFound)
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, app.config.sockets.body_timeout))
        .layer(middleware::map_response(explain_timeout))
        .with_state(app)
}

/// Gives the answer of the time-out a body.
async fn explain_timeout(response: Response) -> Response {
    if response.status() == StatusCode::REQUEST_TIMEOUT { problem::timed_out() } else { response }
}

/// The routes for connections above the limit.
pub fn health(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .fallback(async || Error::Busy)
        .with_state(app)
}

/// Adds the middleware that resources and sockets share.
pub fn around(router: Router, app: &App) -> Router {
    let path: Arc<str> = app.config.sockets.path.as_str().into();
    router
        .layer(middleware::from_fn_with_state(Arc::clone(&path), page::bundles))
        .layer(middleware::from_fn_with_state(Arc::new(app.config.cors.clone()), cors::answer))
        .layer(middleware::from_fn_with_state(path, keep_from_caches))
}

/// Sets `no-store` for Socket.IO: a shared cache could serve one client's packets, or session, to another.
async fn keep_from_caches(State(path): State<Arc<str>>, request: Request, next: Next) -> Response {
    let is_socket = request.uri().path().starts_with(&*path);
    let mut response = next.run(request).await;
    if is_socket {
        response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}
