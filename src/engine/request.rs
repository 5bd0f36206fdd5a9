//! Requests to Engine.IO: what each asks for, or why it is refused. The order of the checks and the texts are Node's.

use axum::{
    Json,
    http::{HeaderMap, Method, Request, StatusCode, Version, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::sessions::{RegisteredSession, Sessions, Sid};
use crate::engine::session::Session;
use std::sync::Arc;

/// The operation that a request asks for.
pub(super) enum EngineRequest {
    /// Opens a session over polling.
    Open,
    Poll(Arc<Session>),
    Post(Arc<Session>),
    /// Opens a session over a websocket.
    OpenWebsocket,
    /// Upgrades this session to a websocket.
    Upgrade(RegisteredSession),
}

/// The reason for which a request is refused. The code and the text are Node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    TransportUnknown = 0,
    SessionUnknown = 1,
    BadMethod = 2,
    BadRequest = 3,
    VersionUnsupported = 5,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body {
            code: u8,
            message: &'static str,
        }
        let message = match self {
            Self::TransportUnknown => "Transport unknown",
            Self::SessionUnknown => "Session ID unknown",
            Self::BadMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::VersionUnsupported => "Unsupported protocol version",
        };
        (StatusCode::BAD_REQUEST, Json(Body { code: self as u8, message })).into_response()
    }
}

#[derive(Default)]
struct Query {
    transport: String,
    version: String,
    sid: String,
}

fn query<B>(request: &Request<B>) -> Query {
    let mut query = Query::default();
    let text = request.uri().query().unwrap_or_default();
    for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let place = match key.as_ref() {
            "transport" => &mut query.transport,
            "EIO" => &mut query.version,
            "sid" => &mut query.sid,
            _ => continue,
        };
        // If a parameter is repeated, its last value counts, as in Node.
        *place = value.into_owned();
    }
    query
}

/// Determines what a request asks for.
pub(super) fn parse<B>(request: &Request<B>, sessions: &Sessions) -> Result<EngineRequest, Refusal> {
    let Query { transport, version, sid } = query(request);
    let is_websocket = match transport.as_str() {
        "polling" => false,
        "websocket" => true,
        _ => return Err(Refusal::TransportUnknown),
    };
    // An empty id counts as none.
    if !sid.is_empty() {
        let found = Sid::parse(&sid).and_then(|sid| sessions.find(sid)).ok_or(Refusal::SessionUnknown)?;
        if version != "4" {
            return Err(Refusal::BadRequest);
        }
        return match (is_websocket, found, request.method()) {
            (true, found, _) if is_upgrade(request) => Ok(EngineRequest::Upgrade(found)),
            (false, RegisteredSession::Polling(session), _) if session.is_drained() => {
                Err(Refusal::SessionUnknown)
            }
            (false, RegisteredSession::Polling(session), &Method::GET) => Ok(EngineRequest::Poll(session)),
            (false, RegisteredSession::Polling(session), &Method::POST) if session.is_over() => {
                Err(Refusal::SessionUnknown)
            }
            (false, RegisteredSession::Polling(session), &Method::POST) => Ok(EngineRequest::Post(session)),
            _ => Err(Refusal::BadRequest),
        };
    }
    if request.method() != Method::GET {
        return Err(Refusal::BadMethod);
    }
    if is_websocket && !is_upgrade(request) {
        return Err(Refusal::BadRequest);
    }
    match (version.as_str(), is_websocket) {
        ("4", false) => Ok(EngineRequest::Open),
        ("4", true) => Ok(EngineRequest::OpenWebsocket),
        _ => Err(Refusal::VersionUnsupported),
    }
}

/// True for a complete websocket upgrade request (RFC 6455, 4.2.1).
fn is_upgrade<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && has_token(headers, header::CONNECTION, "upgrade")
        && has_token(headers, header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13")
        && headers.get(header::SEC_WEBSOCKET_KEY).is_some_and(|key| is_key(key.as_bytes()))
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
}

/// True for sixteen bytes in base64.
fn is_key(key: &[u8]) -> bool {
    let Some((digits, end)) = key.split_last_chunk::<2>() else { return false };
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    digits.len() == 22 && end == b"==" && digits.iter().all(is_digit)
}
