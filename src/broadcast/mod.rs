//! The one way out: every event to clients leaves through [`Broadcast::send`], to the sockets of this process. A bus to
//! other nodes would hook in there, and nowhere else.

mod client_socket;
mod packet;

use futures_util::FutureExt;
pub use socketioxide::socket::Sid;
use socketioxide::{BroadcastError, SocketError, SocketIo, extract::SocketRef};

pub use self::{client_socket::ClientSocket, packet::Encoded};
use crate::chat::{
    id::{RoomId, UserId},
    room::personal_channel,
};

/// The sockets that an event is for.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    /// Every socket that is in a room.
    Room(&'a RoomId),
    /// Every socket of a user, whichever rooms it is in.
    User(&'a UserId),
    /// One socket, flushed at once because its user waits for the event.
    Socket(&'a ClientSocket),
    /// A few sockets of one user. Their packets are buffered together with the next ones.
    Sockets(&'a [ClientSocket]),
}

/// The sockets of a room or of a user that an event is not for.
#[derive(Clone, Copy, Default)]
pub struct Except<'a> {
    /// All sockets of these users.
    pub users: &'a [UserId],
    /// All sockets that are in this room.
    pub room: Option<&'a RoomId>,
    pub socket: Option<Sid>,
}

impl Except<'_> {
    pub const NOBODY: Self = Except { users: &[], room: None, socket: None };

    fn channels(&self) -> Vec<String> {
        let users = self.users.iter().map(|user_id| personal_channel(user_id.as_str()));
        users.chain(self.room.map(|room_id| room_id.as_str().to_owned())).collect()
    }
}

/// Sends events to sockets; cheap to clone.
#[derive(Clone)]
pub struct Broadcast {
    io: SocketIo,
}

impl Broadcast {
    /// `io` need not have a namespace yet.
    pub fn new(io: SocketIo) -> Self {
        Self { io }
    }

    /// Puts a packet into the send buffers of all target sockets. It never blocks and never fails. A socket whose
    /// buffer is full has its connection aborted, so that its client reconnects and is shown what it missed.
    pub fn send(&self, target: Target<'_>, except: Except<'_>, packet: &Encoded) {
        let channel = match target {
            Target::Socket(socket) => return socket.flush_now(|| socket.emit(packet)),
            Target::Sockets(sockets) => return sockets.iter().for_each(|socket| socket.emit(packet)),
            Target::Room(room_id) => room_id.as_str().to_owned(),
            Target::User(user_id) => personal_channel(user_id.as_str()),
        };
        let Some(namespace) = self.io.of("/") else { return };
        let excluded = except.channels();
        let sender = except.socket.and_then(|sid| namespace.get_socket(sid));
        let operators = || {
            let all = match &sender {
                Some(sender) => sender.to(channel.clone()),
                None => namespace.clone().within(channel.clone()),
            };
            all.except(excluded.clone())
        };
        // The local adapter's future is ready at once.
        let sent = operators().emit(packet.event(), packet.data()).now_or_never();
        if is_a_buffer_full(sent) {
            // The error does not say which socket's buffer is full, so probe all of them.
            operators().sockets().into_iter().for_each(|socket: SocketRef| ClientSocket::new(socket).probe());
        }
    }

    /// The socket with this id, if it is connected here.
    pub fn socket(&self, sid: Sid) -> Option<ClientSocket> {
        Some(ClientSocket::new(self.io.of("/")?.get_socket(sid)?))
    }

    /// Those of these sockets that are connected here.
    pub fn sockets(&self, sids: &[Sid]) -> Vec<ClientSocket> {
        let Some(namespace) = self.io.of("/") else { return Vec::new() };
        let sockets = sids.iter().filter_map(|sid| namespace.get_socket(*sid));
        sockets.map(ClientSocket::new).collect()
    }
}

/// True if the error reports a full buffer. A socket that is being closed does not count.
fn is_a_buffer_full(sent: Option<Result<(), BroadcastError>>) -> bool {
    let Some(Err(BroadcastError::Socket(errors))) = sent else { return false };
    errors.iter().any(|error| matches!(error, SocketError::InternalChannelFull))
}
