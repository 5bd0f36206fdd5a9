//! The one way out: every event to clients leaves through [`Broadcast::send`], to the sockets of this process. A bus to
//! other nodes would hook in there, and nowhere else.

mod client_socket;
mod packet;
mod sid;

use std::{slice, sync::Arc};

use futures_util::FutureExt;
use socketioxide::{
    BroadcastError, SocketError, SocketIo, adapter::LocalAdapter, extract::SocketRef,
    operators::BroadcastOperators,
};

pub use self::{
    client_socket::ClientSocket,
    packet::Encoded,
    sid::{NamespaceIndex, Sid},
};
use crate::{
    chat::{
        id::{RoomId, UserId},
        room::{excerpt_channel, personal_channel},
    },
    protocol::Bodies,
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
    namespaces: Arc<[String]>,
}

impl Broadcast {
    /// `io` need not have the namespaces yet.
    pub fn new(io: SocketIo, namespaces: &[String]) -> Self {
        Self { io, namespaces: namespaces.into() }
    }

    /// The namespaces, which all serve the same chat.
    fn namespaces(&self) -> impl Iterator<Item = (NamespaceIndex, BroadcastOperators<LocalAdapter>)> {
        let open = |(index, path): (usize, &String)| Some((NamespaceIndex::new(index), self.io.of(path)?));
        self.namespaces.iter().enumerate().filter_map(open)
    }

    /// Puts a packet into the send buffers of all target sockets. It never blocks and never fails. A socket whose
    /// buffer is full has its connection aborted, so that its client reconnects and is shown what it missed.
    pub fn send(&self, target: Target<'_>, except: Except<'_>, packet: &Encoded) {
        // The sockets of a channel are sent one payload, or its two parts one each, so that each socket keeps its order.
        let (channel, excerpt) = match target {
            Target::Socket(socket) => return socket.flush_now(|| socket.emit(packet)),
            Target::Sockets(sockets) => return sockets.iter().for_each(|socket| socket.emit(packet)),
            Target::Room(room_id) if packet.has_excerpt() => {
                (room_id.as_str().to_owned(), Some(excerpt_channel(room_id.as_str())))
            }
            Target::Room(room_id) => (room_id.as_str().to_owned(), None),
            Target::User(user_id) => (personal_channel(user_id.as_str()), None),
        };
        let excluded = except.channels();
        if let Some(excerpt) = excerpt {
            let whole_only = [&*excluded, slice::from_ref(&excerpt)].concat();
            self.send_to(&channel, (whole_only, except.socket), packet, Bodies::Whole);
            return self.send_to(&excerpt, (excluded, except.socket), packet, Bodies::Excerpts);
        }
        self.send_to(&channel, (excluded, except.socket), packet, Bodies::Whole);
    }

    /// Sends a packet to the sockets of a channel, except those in the excluded channels, and one socket.
    fn send_to(
        &self,
        channel: &str,
        (excluded, socket): (Vec<String>, Option<Sid>),
        packet: &Encoded,
        bodies: Bodies,
    ) {
        for (index, namespace) in self.namespaces() {
            let sender = socket.filter(|sid| sid.namespace == index);
            let sender = sender.and_then(|sid| namespace.get_socket(sid.connection));
            let operators = || {
                let all = match &sender {
                    Some(sender) => sender.to(channel.to_owned()),
                    None => namespace.clone().within(channel.to_owned()),
                };
                all.except(excluded.clone())
            };
            // The local adapter's future is ready at once.
            let sent = operators().emit(packet.event(), &packet.arguments(bodies)).now_or_never();
            if is_a_buffer_full(sent) {
                // The error does not say which socket's buffer is full, so probe all of them.
                let probe = |socket: SocketRef| ClientSocket::new(socket, index).probe();
                operators().sockets().into_iter().for_each(probe);
            }
        }
    }

    /// True if a socket of the user is connected here.
    pub fn is_connected(&self, user_id: &UserId) -> bool {
        let channel = personal_channel(user_id.as_str());
        self.namespaces().any(|(_, namespace)| !namespace.within(channel.clone()).sockets().is_empty())
    }

    /// Disconnects all sockets of a user. Their clients do not connect again by themselves.
    pub fn disconnect(&self, user_id: &UserId) {
        for (_, namespace) in self.namespaces() {
            for socket in namespace.within(personal_channel(user_id.as_str())).sockets() {
                if let Err(error) = socket.disconnect() {
                    tracing::debug!(%error, "a socket could not be disconnected");
                }
            }
        }
    }

    /// The socket with this id, if it is connected here.
    pub fn socket(&self, sid: Sid) -> Option<ClientSocket> {
        let path = self.namespaces.get(sid.namespace.get())?;
        Some(ClientSocket::new(self.io.of(path)?.get_socket(sid.connection)?, sid.namespace))
    }

    /// Those of these sockets that are connected here.
    pub fn sockets(&self, sids: &[Sid]) -> Vec<ClientSocket> {
        sids.iter().filter_map(|sid| self.socket(*sid)).collect()
    }
}

/// True if the error reports a full buffer. A socket that is being closed does not count.
fn is_a_buffer_full(sent: Option<Result<(), BroadcastError>>) -> bool {
    let Some(Err(BroadcastError::Socket(errors))) = sent else { return false };
    errors.iter().any(|error| matches!(error, SocketError::InternalChannelFull))
}
