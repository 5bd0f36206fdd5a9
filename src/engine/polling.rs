//! The polling transport: a GET takes the server's packets, or waits for some (long polling); a POST brings the
//! client's packets.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use super::{
    Engine, OpenPacket,
    inbound::BEFORE_SIGN_IN,
    request::Refusal,
    session::{Misuse, Session},
    sessions::{RegisteredSession, Sid},
    stream::EngineStream,
};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=UTF-8");
/// The content type of the answer to a POST, as in Node: browsers would sniff a body of plain text.
const HTML: HeaderValue = HeaderValue::from_static("text/html");

/// Opens a session.
pub(super) fn open(engine: &Arc<Engine>, request: &Request<Body>) -> Response {
    let sid = Sid::new();
    let session = Session::new(Arc::clone(&engine.settings));
    let registration =
        engine.sessions.add(sid, RegisteredSession::Polling(Arc::clone(&session)), &session.route);
    let route = session.route.clone();
    let stream = EngineStream::polling(session, registration, &engine.settings);
    (engine.accept)(stream, route, (engine.keep)(request));
    let packet = OpenPacket::new(&engine.settings, sid, &["websocket"]).packet();
    ([(header::CONTENT_TYPE, TEXT)], packet).into_response()
}

/// Answers a poll as soon as there are packets.
pub(super) async fn poll(session: Arc<Session>) -> Response {
    match session.begin_poll() {
        Ok(poll) => ([(header::CONTENT_TYPE, TEXT)], poll.payload().await).into_response(),
        Err(misuse) => refuse(misuse),
    }
}

/// Accepts the packets of a POST, whose body must arrive before the deadline.
pub(super) async fn post(engine: &Engine, session: Arc<Session>, request: Request<Body>) -> Response {
    let post = match session.begin_post() {
        Ok(post) => post,
        Err(misuse) => return refuse(misuse),
    };
    // Clients of an earlier protocol send binary bodies; Node ends the session as well.
    if request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/octet-stream") {
        session.fail();
        return refuse(Misuse::BadPacket);
    }
    let settings = &engine.settings;
    let limit = if session.route.is_signed_in() { settings.max_payload } else { BEFORE_SIGN_IN as usize };
    let body = to_bytes(request.into_body(), limit.min(settings.max_payload));
    // If this future is dropped before it is done, the client has disconnected; that ends the session as well.
    match timeout(settings.body_timeout, body).await {
        Ok(Ok(body)) => match session.post(&String::from_utf8_lossy(&body)) {
            Ok(()) => {
                post.finish();
                ([(header::CONTENT_TYPE, HTML)], "ok").into_response()
            }
            Err(misuse) => refuse(misuse),
        },
        Ok(Err(error)) if is_too_long(&error) => {
            post.finish();
            close(StatusCode::PAYLOAD_TOO_LARGE)
        }
        Ok(Err(_)) => close(StatusCode::BAD_REQUEST),
        Err(_) => close(StatusCode::REQUEST_TIMEOUT),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    use std::error::Error;
    error.source().is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

fn refuse(misuse: Misuse) -> Response {
    tracing::debug!(?misuse, "a poll or POST is refused");
    Refusal::BadRequest.into_response()
}

/// Answers and closes the connection: the rest of the request body is not read.
fn close(status: StatusCode) -> Response {
    (status, [(header::CONNECTION, HeaderValue::from_static("close"))]).into_response()
}
