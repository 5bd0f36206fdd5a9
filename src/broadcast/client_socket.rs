//! The socket of one client. Sending to a socket that is gone, or that does not read, never fails for the caller: one whose
//! buffer is full loses its connection. It comes back and is shown what it missed, where a dropped packet would be lost to it.

use socketioxide::{SendError, SocketError, extract::SocketRef, socket::Sid};
use tokio::time::Instant;

use super::Encoded;
use crate::{
    chat::id::RoomId,
    connection::{Connection, SocketRoute},
    protocol::Nothing,
};

/// An event that clients ignore. It fails where a buffer is full.
const PROBE: &str = "server:pulse";

/// A connected socket; cheap to clone. Not to be kept for longer than a moment: it keeps the socket alive.
#[derive(Clone)]
pub struct ClientSocket(SocketRef);

impl ClientSocket {
    pub fn new(socket: SocketRef) -> Self {
        Self(socket)
    }

    pub fn id(&self) -> Sid {
        self.0.id
    }

    pub(super) fn emit(&self, packet: &Encoded) {
        self.note(self.0.emit(packet.event(), packet.data()), packet.event());
    }

    /// Closes the connection if its buffer is full.
    pub(super) fn probe(&self) {
        self.flush_now(|| self.note(self.0.emit(PROBE, &Nothing {}), PROBE));
    }

    fn note(&self, sent: Result<(), SendError>, event: &str) {
        if let Err(error) = sent {
            tracing::debug!(sid = %self.0.id, event, %error, "an event could not be sent");
            self.abort_if_full(&error);
        }
    }

    /// Writes at once what `emit` emits to this socket, and all that its connection had gathered before.
    pub fn flush_now<T>(&self, emit: impl FnOnce() -> T) -> T {
        match self.websocket() {
            Some(connection) => connection.flush_now(emit),
            None => emit(),
        }
    }

    /// Aborts the connection of a socket that does not read.
    pub fn abort_if_full(&self, error: &SendError) {
        if matches!(error, SendError::Socket(SocketError::InternalChannelFull)) {
            tracing::info!(sid = %self.0.id, "does not read: cut off");
            self.abort();
        }
    }

    /// Ends the connection under this socket, as a broken network does.
    pub fn abort(&self) {
        if let Some(route) = self.route() {
            route.abort();
        }
    }

    /// The time of the client's last sign of life, if it gave one.
    pub fn last_heard(&self) -> Option<Instant> {
        Some(self.route()?.last_heard()?.into())
    }

    /// The way to the socket's transport. Each socket has one.
    pub fn route(&self) -> Option<&SocketRoute> {
        self.0.req_parts().extensions.get()
    }

    fn websocket(&self) -> Option<&Connection> {
        self.route()?.websocket()
    }

    /// From now on it is sent what is sent to the room.
    pub fn join(&self, room_id: &RoomId) {
        self.0.join(room_id.as_str().to_owned());
    }

    pub fn leave(&self, room_id: &RoomId) {
        self.0.leave(room_id.as_str().to_owned());
    }
}
