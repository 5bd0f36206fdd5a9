//! Door 2: HTTP beside Socket.IO. One file per resource; this is the route table.

mod engine_errors;
mod health;
mod index;

use std::sync::Arc;

use axum::{Router, http::HeaderValue, middleware, routing::get};
use socketioxide::layer::SocketIoLayer;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use crate::{app::App, config::CorsOrigin, error::Error};

/// Everything that answers on the port. Socket.IO's own path is served by `sockets`.
pub fn router(app: Arc<App>, sockets: SocketIoLayer) -> Router {
    let cors = cors(&app.config.cors);
    Router::new()
        .route("/", get(index::show))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .fallback(async || Error::NotFound)
        .with_state(app)
        .layer(sockets)
        .layer(middleware::from_fn(engine_errors::as_node))
        .layer(cors)
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
