//! The websocket transport: either from the start, or as an upgrade of a polling session after a successful probe.

use std::{io, sync::Arc};

use axum::{
    body::Body,
    http::{Extensions, HeaderMap, HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncWriteExt, time::timeout};
use tungstenite::{handshake::derive_accept_key, protocol::frame::FrameHeader};

use super::{
    Engine, OpenPacket, frame,
    probe::probe,
    request::Refusal,
    session::Session,
    sessions::{RegisteredSession, Sid},
    stream::EngineStream,
};
use crate::connection::{ClientStream, SocketRoute};

/// Answers an upgrade request; the websocket then runs in a task of its own.
pub(super) fn answer(
    engine: &Arc<Engine>,
    session: Option<RegisteredSession>,
    mut request: Request<Body>,
) -> Response {
    let Some(accepted) = accepted(request.headers()) else { return Refusal::BadRequest.into_response() };
    // An upgrade goes on with what its session has kept.
    let kept = if session.is_none() { (engine.keep)(&request) } else { Extensions::new() };
    let upgrade = hyper::upgrade::on(&mut request);
    let engine = Arc::clone(engine);
    tokio::spawn(async move {
        let Some((stream, rest)) = upgraded(upgrade).await else { return };
        let served = match session {
            None => open(&engine, stream, (rest, kept)).await,
            Some(RegisteredSession::Polling(session)) => {
                upgrade_session(&engine, &session, stream, rest).await
            }
            // The session has its websocket already.
            Some(RegisteredSession::Websocket) => close(stream).await,
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a websocket failed before it served its session");
        }
    });
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accepted),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

fn accepted(headers: &HeaderMap) -> Option<HeaderValue> {
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    derive_accept_key(key.as_bytes()).parse().ok()
}

/// Returns the upgraded connection, with the bytes that were read from it after the request.
async fn upgraded(upgrade: OnUpgrade) -> Option<(ClientStream, BytesMut)> {
    let upgraded: Upgraded =
        upgrade.await.inspect_err(|error| tracing::debug!(%error, "the HTTP upgrade failed")).ok()?;
    match upgraded.downcast::<TokioIo<ClientStream>>() {
        Ok(parts) => Some((parts.io.into_inner(), BytesMut::from(parts.read_buf))),
        Err(_) => {
            tracing::error!("an upgraded connection is not a ClientStream");
            None
        }
    }
}

/// Opens a session over a websocket.
async fn open(
    engine: &Engine,
    mut stream: ClientStream,
    (rest, kept): (BytesMut, Extensions),
) -> io::Result<()> {
    let sid = Sid::new();
    let packet = OpenPacket::new(&engine.settings, sid, &[]).packet();
    stream.write_all(&frame::text(&packet)).await?;
    let route = SocketRoute::default();
    route.set_websocket(stream.connection());
    stream.connection().becomes_websocket();
    let registration = engine.sessions.add(sid, RegisteredSession::Websocket, &route);
    let mut stream = EngineStream::websocket(stream, route.clone(), registration, &engine.settings);
    stream.push_early_bytes(&rest)?;
    (engine.accept)(stream, route, kept);
    Ok(())
}

/// Upgrades a polling session if the probe shows that packets pass both ways. Until then polling goes on. A websocket
/// that fails is closed, and another upgrade may be tried.
async fn upgrade_session(
    engine: &Engine,
    session: &Arc<Session>,
    mut stream: ClientStream,
    mut rest: BytesMut,
) -> io::Result<()> {
    if !session.begin_probe() {
        return close(stream).await;
    }
    let mut probing = Probing { session, is_over: false };
    let probed = timeout(engine.settings.upgrade_timeout, probe(session, &mut stream, &mut rest)).await;
    match probed {
        Ok(Ok(true)) => {
            session.route.set_websocket(stream.connection());
            stream.connection().becomes_websocket();
            probing.is_over = true;
            match session.hand_over(stream, rest) {
                Ok(()) => Ok(()),
                Err(stream) => close(stream).await,
            }
        }
        Ok(Ok(false)) | Err(_) => close(stream).await,
        Ok(Err(error)) => Err(error),
    }
}

/// An upgrade under way. If it is dropped before the end, another upgrade may be tried.
struct Probing<'a> {
    session: &'a Session,
    is_over: bool,
}

impl Drop for Probing<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.session.cancel_probe();
        }
    }
}

/// Closes a websocket that belongs to no session.
async fn close(mut stream: ClientStream) -> io::Result<()> {
    let mut frame = BytesMut::new();
    frame::put(&mut frame, FrameHeader::default(), &[]);
    stream.write_all(&frame).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests;
