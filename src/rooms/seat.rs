//! One socket as rooms see it. A socket that is gone, or that does not read, never makes an emit fail for its caller.

use serde::Serialize;
use socketioxide::{extract::SocketRef, socket::Sid};

use futures_util::FutureExt;

/// A connected socket; cheap to clone. Not to be kept longer than an event lasts: it keeps the socket alive.
#[derive(Clone)]
pub struct Seat(SocketRef);

impl Seat {
    pub fn new(socket: SocketRef) -> Self {
        Self(socket)
    }

    pub fn id(&self) -> Sid {
        self.0.id
    }

    /// Tells this socket.
    pub fn emit(&self, event: &str, view: &(impl Serialize + ?Sized)) {
        if let Err(error) = self.0.emit(event, view) {
            tracing::debug!(sid = %self.0.id, event, %error, "the socket could not be told");
        }
    }

    /// Tells every other socket of a Socket.IO room on this node.
    pub fn emit_to_others(&self, channel: &str, event: &str, view: &(impl Serialize + ?Sized)) {
        if let Some(Err(error)) = self.0.to(channel.to_owned()).emit(event, view).now_or_never() {
            tracing::debug!(%error, channel, event, "not everybody could be told");
        }
    }

    pub(super) fn join(&self, channel: &str) {
        self.0.join(channel.to_owned());
    }

    pub(super) fn leave(&self, channel: &str) {
        self.0.leave(channel.to_owned());
    }
}
