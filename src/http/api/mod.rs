//! The REST API, `/api/v1`: the actions for programs without a socket. What is changed here is broadcast to the sockets
//! as if a socket had changed it. One file per resource.

mod caller;
mod input;
mod long_body;
mod members;
mod mentions;
mod messages;
mod presence;
mod reactions;
mod reads;
mod rooms;
mod search;
mod settings;
mod threads;
mod users;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, VARY},
    },
    middleware,
    response::Response,
    routing::get,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, http::problem::method_not_allowed};

/// The path of the API.
pub(super) const PREFIX: &str = "/api/v1";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "chatoxide",
        description = "Rooms, messages and reactions for programs without a socket. The tokens, the rules and the codes of errors \
                       are those of Socket.IO; what is changed here is broadcast to the sockets.",
        license(name = "MIT")
    ),
    modifiers(&BearerToken),
    security(("token" = []))
)]
struct Described;

/// The tokens of Socket.IO, in the header `Authorization`.
struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

fn described() -> OpenApiRouter<Arc<App>> {
    let routes = OpenApiRouter::new()
        .routes(routes!(users::me))
        .routes(routes!(settings::show, settings::update))
        .routes(routes!(users::find))
        .routes(routes!(presence::list))
        .routes(routes!(presence::show))
        .routes(routes!(presence::set_status))
        .routes(routes!(mentions::list))
        .routes(routes!(mentions::mark_read))
        .routes(routes!(rooms::list, rooms::create))
        .routes(routes!(rooms::show, rooms::update))
        .routes(routes!(reads::mark_read))
        .routes(routes!(reads::mark_unread))
        .routes(routes!(reads::list_unread))
        .routes(routes!(reads::list_readers))
        .routes(routes!(members::list))
        .routes(routes!(members::add, members::remove))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::show, messages::edit, messages::delete))
        .routes(routes!(search::search))
        .routes(routes!(threads::show))
        .routes(routes!(threads::follow, threads::unfollow))
        .routes(routes!(threads::mark_read))
        .routes(routes!(threads::list))
        .routes(routes!(reactions::add, reactions::remove));
    OpenApiRouter::with_openapi(Described::openapi()).nest(PREFIX, routes)
}

/// The routes, and their description at `openapi.json`.
pub(super) fn router(app: &App) -> Router<Arc<App>> {
    let (router, document) = described().split_for_parts();
    let document = Arc::new(document);
    let show = move || async move { Json((*document).clone()) };
    router
        .route(&format!("{PREFIX}/openapi.json"), get(show))
        .layer(middleware::from_fn(caller::hold))
        .layer(middleware::map_response(keep_from_shared_caches))
        .layer(DefaultBodyLimit::max(app.config.sockets.max_payload))
        .method_not_allowed_fallback(async || method_not_allowed())
}

/// An answer is for its user only, and a cache asks again before it uses one.
async fn keep_from_shared_caches(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.append(VARY, HeaderValue::from_static("Authorization, Cookie"));
    response
}

/// The description of the API.
pub fn document() -> Document {
    described().into_openapi()
}
