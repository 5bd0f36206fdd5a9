//! Engine.IO: the transports under Socket.IO. The Socket.IO library has transports of its own; these take their place, because
//! with them a websocket that fails would end the session, the id of a session would be public, and a stranger could take as much
//! memory as they like. The library is given an [`EngineStream`] for each session and believes that to be a websocket.

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
    http::Request,
    response::{IntoResponse, Response},
};
use serde::Serialize;

pub use self::stream::EngineStream;
use self::{
    request::Wanted,
    sessions::{Found, Sessions, Sid},
};
use crate::connection::{Connection, SocketRoute};

/// What Engine.IO is told.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    /// Time for the packets of a POST to come in.
    pub body_timeout: Duration,
    /// Time for a websocket to take over from polling.
    pub upgrade_timeout: Duration,
    /// The largest packet, and the largest POST, in bytes.
    pub max_payload: usize,
    /// Bytes that may wait for a client that polls.
    pub send_limit: usize,
    /// Sessions whose clients have not signed in.
    pub max_unsigned: usize,
}

/// Takes a session's stream and the way to its transport.
type Accept = Box<dyn Fn(EngineStream, SocketRoute) + Send + Sync>;

/// All sessions of a server.
pub struct Engine {
    settings: Arc<EngineSettings>,
    sessions: Arc<Sessions>,
    accept: Accept,
}

impl Engine {
    /// `accept` is called with each session that begins.
    pub fn new(
        settings: EngineSettings,
        accept: impl Fn(EngineStream, SocketRoute) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let sessions = Sessions::new(settings.max_unsigned);
        Arc::new(Self { settings: Arc::new(settings), sessions, accept: Box::new(accept) })
    }

    /// Answers a request to Engine.IO's path.
    pub async fn serve(self: Arc<Self>, request: Request<Body>) -> Response {
        let wanted = request::wanted(&request, &self.sessions);
        let session = match &wanted {
            Ok(Wanted::Poll(session) | Wanted::Post(session) | Wanted::Upgrade(Found::Polling(session))) => {
                Some(session)
            }
            _ => None,
        };
        if let (Some(session), Some(connection)) = (session, request.extensions().get::<Connection>())
            && session.route.is_signed_in()
        {
            connection.trust();
        }
        match wanted {
            Ok(Wanted::Open) => polling::open(&self),
            Ok(Wanted::Poll(session)) => polling::poll(session).await,
            Ok(Wanted::Post(session)) => polling::post(&self, session, request).await,
            Ok(Wanted::OpenWebsocket) => websocket::answer(&self, None, request),
            Ok(Wanted::Upgrade(found)) => websocket::answer(&self, Some(found), request),
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
    /// In milliseconds, as the next.
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
        // Numbers and texts can always be written.
        format!("0{}", serde_json::to_string(self).unwrap_or_default())
    }
}
