//! One client's socket. Sending to a socket that is gone, or whose client does not read, never fails for the caller. If
//! its buffer is full, its connection is aborted: the client reconnects and is shown what it missed, whereas a dropped
//! packet would be lost.

use socketioxide::{SendError, SocketError, extract::SocketRef};
use tokio::time::Instant;

use super::{Encoded, NamespaceIndex, Sid};
use crate::{
    chat::{id::RoomId, room::excerpt_channel},
    connection::{Connection, SocketRoute},
    protocol::{Bodies, Nothing},
};

/// An event that clients ignore. Emitting it fails if the buffer is full.
const PROBE: &str = "server:pulse";

/// A connected socket; cheap to clone. Do not keep it for longer than a moment, since it keeps the socket alive.
#[derive(Clone)]
pub struct ClientSocket(SocketRef, NamespaceIndex);

impl ClientSocket {
    pub fn new(socket: SocketRef, namespace: NamespaceIndex) -> Self {
        Self(socket, namespace)
    }

    pub fn id(&self) -> Sid {
        Sid { connection: self.0.id, namespace: self.1 }
    }

    pub(super) fn emit(&self, packet: &Encoded) {
        self.note(self.0.emit(packet.event(), &packet.arguments(self.bodies())), packet.event());
    }

    /// Aborts the connection if its buffer is full.
    pub(super) fn probe(&self) {
        self.flush_now(|| self.note(self.0.emit(PROBE, &Nothing {}), PROBE));
    }

    fn note(&self, sent: Result<(), SendError>, event: &str) {
        if let Err(error) = sent {
            tracing::debug!(sid = %self.0.id, event, %error, "an event could not be sent");
            self.abort_if_full(&error);
        }
    }

    /// Flushes at once the packets that `emit` emits to this socket, with everything that its connection has buffered.
    pub fn flush_now<T>(&self, emit: impl FnOnce() -> T) -> T {
        match self.websocket() {
            Some(connection) => connection.flush_now(emit),
            None => emit(),
        }
    }

    /// Aborts the connection if `error` says that its buffer is full, because its client does not read.
    pub fn abort_if_full(&self, error: &SendError) {
        if matches!(error, SendError::Socket(SocketError::InternalChannelFull)) {
            tracing::info!(sid = %self.0.id, "the client does not read: connection aborted");
            self.abort();
        }
    }

    /// Aborts the connection under this socket, as a broken network would.
    pub fn abort(&self) {
        if let Some(route) = self.route() {
            route.abort();
        }
    }

    /// The time when the client was last known to be alive, if it ever was.
    pub fn last_heard(&self) -> Option<Instant> {
        Some(self.route()?.last_heard()?.into())
    }

    /// The route to the socket's transport. Each socket has one.
    pub fn route(&self) -> Option<&SocketRoute> {
        self.0.req_parts().extensions.get()
    }

    /// The parts that were kept of the request that opened the connection.
    pub fn handshake<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.req_parts().extensions.get()
    }

    fn websocket(&self) -> Option<&Connection> {
        self.route()?.websocket()
    }

    /// How the client takes the contents of long messages.
    pub fn bodies(&self) -> Bodies {
        self.0.extensions.get().unwrap_or_default()
    }

    /// Set before the socket joins a room.
    pub fn set_bodies(&self, bodies: Bodies) {
        self.0.extensions.insert(bodies);
    }

    /// Joins the channel of the room, so that the socket is sent the room's events.
    pub fn join(&self, room_id: &RoomId) {
        self.0.join(room_id.as_str().to_owned());
        if self.bodies() == Bodies::Excerpts {
            self.0.join(excerpt_channel(room_id.as_str()));
        }
    }

    pub fn leave(&self, room_id: &RoomId) {
        self.0.leave(room_id.as_str().to_owned());
        if self.bodies() == Bodies::Excerpts {
            self.0.leave(excerpt_channel(room_id.as_str()));
        }
    }
}
