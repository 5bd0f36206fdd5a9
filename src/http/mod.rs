//! Door 2: HTTP beside Socket.IO. One file per resource; this is the route table.

mod cors;
mod demo;
mod encoding;
mod engine_errors;
mod health;
mod metrics;
mod page;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};

use crate::{app::App, config::CorsOrigin, error::Error};

/// The resources.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/assets/{name}", get(page::asset))
        .route("/favicon.svg", get(page::icon))
        .route("/manifest.webmanifest", get(page::manifest))
        .route("/demo", get(demo::users))
        .route("/demo/token", post(demo::token))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .fallback(async || Error::NotFound)
        .with_state(app)
}

/// What goes around the resources and the sockets alike.
pub fn around(router: Router, cors_origin: &CorsOrigin) -> Router {
    router
        .layer(middleware::from_fn(engine_errors::as_node))
        .layer(middleware::from_fn(page::bundles))
        .layer(middleware::from_fn_with_state(Arc::new(cors_origin.clone()), cors::answer))
}
