//! Engine.IO's errors as Node words them: `code` is a number there, and text in the library that we use.

use axum::{
    Json,
    body::to_bytes,
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

/// The library's errors are far smaller.
const LARGEST: usize = 1_024;

#[derive(Deserialize)]
struct TextCode {
    code: String,
    message: String,
}

#[derive(Serialize)]
struct NumberCode {
    code: u8,
    message: String,
}

impl NumberCode {
    fn new(code: u8, message: &str) -> Self {
        Self { code, message: message.to_owned() }
    }
}

/// What Node looks at before the protocol's version, in its order: transport, session, method.
fn fault_before_version(request: &Request) -> Option<NumberCode> {
    let query = request.uri().query().unwrap_or_default();
    let value = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let transport = value("transport").unwrap_or_default();
    if transport != "polling" && transport != "websocket" {
        return Some(NumberCode::new(0, "Transport unknown"));
    }
    if value("EIO").as_deref() == Some("4") {
        return None;
    }
    match (value("sid"), request.method()) {
        (Some(_), _) => Some(NumberCode::new(1, "Session ID unknown")),
        (None, method) if method != Method::GET => Some(NumberCode::new(2, "Bad handshake method")),
        _ => None,
    }
}

pub(super) async fn as_node(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_engine = path == "/socket.io" || path == "/socket.io/";
    if is_engine
        && request.method() != Method::OPTIONS
        && let Some(fault) = fault_before_version(&request)
    {
        return (StatusCode::BAD_REQUEST, Json(fault)).into_response();
    }
    let response = next.run(request).await;
    if !is_engine || !matches!(response.status(), StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST).await else { return parts.status.into_response() };
    let error = serde_json::from_slice::<TextCode>(&bytes).ok();
    match error.and_then(|error| Some(NumberCode { code: error.code.parse().ok()?, message: error.message }))
    {
        Some(error) => {
            parts.headers.clear();
            (parts.status, parts.headers, Json(error)).into_response()
        }
        // A websocket's handshake that asks for no upgrade.
        None if bytes.is_empty() && parts.status == StatusCode::BAD_REQUEST => {
            (parts.status, Json(NumberCode::new(3, "Bad request"))).into_response()
        }
        None => Response::from_parts(parts, bytes.into()),
    }
}
