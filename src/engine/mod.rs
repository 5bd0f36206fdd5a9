//! Engine.IO: the transports under Socket.IO. They replace the transports of the Socket.IO library, with which a failed
//! websocket would end the session, session ids would be public, and an anonymous client could use unlimited memory.
//! The library gets an [`EngineStream`] for each session and treats it as a websocket.

mod event_name;
mod frame;
mod heartbeat;
mod inbound;
mod payload;
mod polling;
mod probe;
mod request;
mod session;
mod sessions;
mod stream;
mod websocket;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Extensions, Request},
    response::{IntoResponse, Response},
};
use serde::Serialize;

pub use self::stream::EngineStream;
use self::{
    request::EngineRequest,
    sessions::{RegisteredSession, Sessions, Sid},
};
use crate::connection::{Connection, SocketRoute};

/// The settings of the Engine.IO transports.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    /// The deadline for the body of a POST.
    pub body_timeout: Duration,
    /// The deadline for the upgrade from polling to a websocket.
    pub upgrade_timeout: Duration,
    /// The largest packet, and the largest POST body, in bytes.
    pub max_payload: usize,
    /// Bytes that may be buffered for a polling client.
    pub send_limit: usize,
    /// The most sessions whose clients have not signed in.
    pub max_unsigned: usize,
}

/// Keeps parts of the request that opens a session.
type Keep = Box<dyn Fn(&Request<Body>) -> Extensions + Send + Sync>;

/// Receives the stream of a new session, the route to its transport, and the kept parts of its request.
type Accept = Box<dyn Fn(EngineStream, SocketRoute, Extensions) + Send + Sync>;

/// All Engine.IO sessions of a server.
pub struct Engine {
    settings: Arc<EngineSettings>,
    sessions: Arc<Sessions>,
    keep: Keep,
    accept: Accept,
}

impl Engine {
    /// `accept` is called for each new session, with the parts of its request that `keep` returns.
    pub fn new(
        settings: EngineSettings,
        keep: impl Fn(&Request<Body>) -> Extensions + Send + Sync + 'static,
        accept: impl Fn(EngineStream, SocketRoute, Extensions) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let sessions = Sessions::new(settings.max_unsigned);
        let (keep, accept) = (Box::new(keep), Box::new(accept));
        Arc::new(Self { settings: Arc::new(settings), sessions, keep, accept })
    }

    /// Answers a request to Engine.IO's path.
    pub async fn serve(self: Arc<Self>, request: Request<Body>) -> Response {
        let parsed = request::parse(&request, &self.sessions);
        let session = match &parsed {
            Ok(
                EngineRequest::Poll(session)
                | EngineRequest::Post(session)
                | EngineRequest::Upgrade(RegisteredSession::Polling(session)),
            ) => Some(session),
            _ => None,
        };
        if let (Some(session), Some(connection)) = (session, request.extensions().get::<Connection>())
            && session.route.is_signed_in()
        {
            connection.trust();
        }
        match parsed {
            Ok(EngineRequest::Open) => polling::open(&self, &request),
            Ok(EngineRequest::Poll(session)) => polling::poll(session).await,
            Ok(EngineRequest::Post(session)) => polling::post(&self, session, request).await,
            Ok(EngineRequest::OpenWebsocket) => websocket::answer(&self, None, request),
            Ok(EngineRequest::Upgrade(found)) => websocket::answer(&self, Some(found), request),
            Err(refusal) => refusal.into_response(),
        }
    }
}

/// The first packet of a session.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenPacket<'a> {
    sid: String,
    upgrades: &'a [&'static str],
    /// In milliseconds, as is `ping_timeout`.
    ping_interval: u64,
    ping_timeout: u64,
    max_payload: usize,
}

impl<'a> OpenPacket<'a> {
    fn new(settings: &EngineSettings, sid: Sid, upgrades: &'a [&'static str]) -> Self {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self {
            sid: sid.text(),
            upgrades,
            ping_interval: millis(settings.ping_interval),
            ping_timeout: millis(settings.ping_timeout),
            max_payload: settings.max_payload,
        }
    }

    fn packet(&self) -> String {
        // Serializing numbers and strings cannot fail.
        format!("0{}", serde_json::to_string(self).unwrap_or_default())
    }
}
