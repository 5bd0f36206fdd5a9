//! One socket as rooms see it. A socket that is gone, or that does not read, never makes an emit fail for its caller. One
//! whose buffer is full is cut off: it comes back and is shown what it missed, where a dropped packet would be lost to it.

use futures_util::FutureExt;
use serde::Serialize;
use socketioxide::{BroadcastError, SendError, SocketError, SocketIo, extract::SocketRef, socket::Sid};
use tokio::time::Instant;

use crate::{
    connection::{Connection, SocketRoute},
    protocol::Nothing,
};

/// Says nothing; ignored by every client. Who cannot take it has a full buffer.
const PULSE: &str = "server:pulse";

/// A connected socket; cheap to clone. Not to be kept for longer than a moment: it keeps the socket alive.
#[derive(Clone)]
pub struct Seat(SocketRef);

impl Seat {
    pub fn new(socket: SocketRef) -> Self {
        Self(socket)
    }

    pub fn id(&self) -> Sid {
        self.0.id
    }

    pub(super) fn is_connected(&self) -> bool {
        self.0.connected()
    }

    /// Tells this socket now.
    pub fn emit(&self, event: &str, view: &(impl Serialize + ?Sized)) {
        self.hurry(|| self.tell(event, view));
    }

    /// Tells this socket, with what else it is told.
    pub(super) fn tell(&self, event: &str, view: &(impl Serialize + ?Sized)) {
        if let Err(error) = self.0.emit(event, view) {
            tracing::debug!(sid = %self.0.id, event, %error, "the socket could not be told");
            self.cut_if_full(&error);
        }
    }

    /// What is emitted to this socket meanwhile goes at once: its user waits for it.
    pub fn hurry<T>(&self, emit: impl FnOnce() -> T) -> T {
        match self.websocket() {
            Some(connection) => connection.hurry(emit),
            None => emit(),
        }
    }

    /// Tells every other socket of a Socket.IO room on this node.
    pub fn emit_to_others(&self, channel: &str, event: &str, view: &(impl Serialize + ?Sized)) {
        let told = self.0.to(channel.to_owned()).emit(event, view).now_or_never();
        if is_somebody_full(told) {
            cut_full(self.0.to(channel.to_owned()).sockets());
        }
    }

    /// Cuts the connection of a socket that does not read.
    pub fn cut_if_full(&self, error: &SendError) {
        if matches!(error, SendError::Socket(SocketError::InternalChannelFull)) {
            tracing::info!(sid = %self.0.id, "does not read: cut off");
            self.cut();
        }
    }

    /// Ends the connection under this socket, as a broken network does.
    pub fn cut(&self) {
        if let Some(route) = self.route() {
            route.abort();
        }
    }

    /// When the client gave its last sign of life, if it did.
    pub(super) fn last_heard(&self) -> Option<Instant> {
        Some(self.route()?.last_heard()?.into())
    }

    /// The way to the socket's transport. Each socket has one.
    pub fn route(&self) -> Option<&SocketRoute> {
        self.0.req_parts().extensions.get()
    }

    fn websocket(&self) -> Option<&Connection> {
        self.route()?.websocket()
    }

    pub(super) fn join(&self, channel: &str) {
        self.0.join(channel.to_owned());
    }

    pub(super) fn leave(&self, channel: &str) {
        self.0.leave(channel.to_owned());
    }
}

/// Tells every socket of a Socket.IO room on this node.
pub(super) fn emit_to_all(io: &SocketIo, channel: &str, event: &str, view: &(impl Serialize + ?Sized)) {
    let Some(namespace) = io.of("/") else { return };
    // The local adapter's future is ready at once.
    let told = namespace.clone().within(channel.to_owned()).emit(event, view).now_or_never();
    if is_somebody_full(told) {
        cut_full(namespace.within(channel.to_owned()).sockets());
    }
}

/// The same, except those of other Socket.IO rooms.
pub(super) fn emit_to_all_but(
    io: &SocketIo,
    channel: &str,
    but: &[String],
    event: &str,
    view: &(impl Serialize + ?Sized),
) {
    let Some(namespace) = io.of("/") else { return };
    let others = || namespace.clone().within(channel.to_owned()).except(but.to_vec());
    if is_somebody_full(others().emit(event, view).now_or_never()) {
        cut_full(others().sockets());
    }
}

/// Somebody who is on the way out is no matter.
fn is_somebody_full(told: Option<Result<(), BroadcastError>>) -> bool {
    let Some(Err(BroadcastError::Socket(errors))) = told else { return false };
    errors.iter().any(|error| matches!(error, SocketError::InternalChannelFull))
}

/// A broadcast says that somebody could not be told, not who.
fn cut_full(sockets: Vec<SocketRef>) {
    for seat in sockets.into_iter().map(Seat) {
        seat.emit(PULSE, &Nothing {});
    }
}
