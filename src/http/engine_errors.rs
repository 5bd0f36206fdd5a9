//! Engine.IO's errors as Node words them: `code` is a number there, and text in the library that we use.

use axum::{
    Json,
    body::to_bytes,
    extract::Request,
    http::StatusCode,
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

pub(super) async fn as_node(request: Request, next: Next) -> Response {
    let is_engine = request.uri().path().starts_with("/socket.io");
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
        None => Response::from_parts(parts, bytes.into()),
    }
}
