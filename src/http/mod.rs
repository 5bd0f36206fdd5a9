//! Door 2: HTTP beside Socket.IO. One file per resource; this is the route table.

mod demo;
mod engine_errors;
mod health;
mod metrics;
mod page;

use std::sync::Arc;

use axum::{
    Router,
    http::HeaderValue,
    middleware,
    routing::{get, post},
};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

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
        .layer(cors(cors_origin))
}

/// As the original's `cors` package: credentials are allowed for a listed origin.
fn cors(origin: &CorsOrigin) -> CorsLayer {
    let cors = CorsLayer::new();
    match origin {
        CorsOrigin::Any => cors
            .allow_origin(AllowOrigin::any())
            .allow_methods(AllowMethods::any())
            .allow_headers(AllowHeaders::any()),
        CorsOrigin::List(origins) => {
            let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
            cors.allow_origin(AllowOrigin::list(origins))
                .allow_methods(AllowMethods::mirror_request())
                .allow_headers(AllowHeaders::mirror_request())
                .allow_credentials(true)
        }
    }
}
