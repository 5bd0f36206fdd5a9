//! Door 2: HTTP beside Socket.IO. One file per resource; this is the route table.

mod demo;
mod health;
mod metrics;
mod page;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, StatusCode},
    middleware,
    routing::{get, post},
};
use tower_http::{
    cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer},
    timeout::TimeoutLayer,
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
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, app.config.sockets.body_timeout))
        .with_state(app)
}

/// The resources for those that there is no room for.
pub fn health(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .fallback(async || Error::Busy)
        .with_state(app)
}

/// What goes around the resources and the sockets alike.
pub fn around(router: Router, app: &App) -> Router {
    router.layer(middleware::from_fn(page::bundles)).layer(cors(&app.config.cors))
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
