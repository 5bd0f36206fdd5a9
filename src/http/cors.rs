//! CORS, as the `cors` package of Node's Socket.IO answers it: a preflight gets 204 and the headers that it asked for,
//! and no request is refused here. It is the browser that keeps a page from an answer.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN, VARY,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::config::CorsOrigin;

const METHODS: HeaderValue = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE");
const ANY: HeaderValue = HeaderValue::from_static("*");

pub(super) async fn answer(State(allowed): State<Arc<CorsOrigin>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    if request.method() == Method::OPTIONS {
        let requested = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        allow(&allowed, origin, headers);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
        if let Some(requested) = requested {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested);
        }
        return response;
    }
    let mut response = next.run(request).await;
    allow(&allowed, origin, response.headers_mut());
    response
}

/// With a list, the answer depends on the origin, even for one that is not allowed. `Vary` keeps a cache from serving
/// it to another origin.
fn allow(allowed: &CorsOrigin, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    if matches!(allowed, CorsOrigin::Any) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        return;
    }
    headers.append(VARY, HeaderValue::from_static("Origin"));
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    let is_allowed = |origin: &HeaderValue| origin.to_str().is_ok_and(|origin| allowed.lists(origin));
    if let Some(origin) = origin.filter(is_allowed) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}
