//! The user who performs an action, and the socket that it came by, if any.

use std::{
    collections::HashSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use indexmap::IndexSet;

use super::page_ends::PageEnds;
use crate::{
    auth::Claims,
    broadcast::{ClientSocket, Encoded},
    chat::id::{RoomId, UserId},
    online::Online,
    protocol::{RoomUserView, TokenUserView, TypingUserView, event},
    rooms::Rooms,
    sync::lock,
};

/// A signed-in user who performs an action.
#[derive(Clone, Copy)]
pub struct Actor<'a> {
    pub claims: &'a Claims,
    /// The user as their token names them.
    pub user: &'a TokenUserView,
    pub socket: Option<ActingSocket<'a>>,
}

/// The socket that an action came by.
#[derive(Clone, Copy)]
pub struct ActingSocket<'a> {
    pub client: &'a ClientSocket,
    pub state: &'a SocketState,
    /// Set as soon as the change is queued for commit, so that the socket's next event may begin.
    pub is_queued: &'a AtomicBool,
}

/// The state that actions keep for a socket: the rooms it is in, the rooms its user is typing in, and where its pages
/// ended.
pub struct SocketState {
    /// The client has said that it was connected before.
    pub(super) has_returned: bool,
    pub(super) page_ends: PageEnds,
    rooms: Mutex<IndexSet<RoomId>>,
    typing: Mutex<HashSet<RoomId>>,
    is_watching: AtomicBool,
    /// The connection, until it is closed.
    device: Mutex<Option<Online>>,
}

impl Actor<'_> {
    pub fn user_id(&self) -> &UserId {
        &self.user.id
    }
}

impl SocketState {
    /// `has_returned`: the client has said that it was connected before. `device`: counts as a connection of its user.
    pub fn new(has_returned: bool, device: Online) -> Self {
        Self {
            has_returned,
            page_ends: PageEnds::default(),
            rooms: Mutex::default(),
            typing: Mutex::default(),
            is_watching: AtomicBool::new(false),
            device: Mutex::new(Some(device)),
        }
    }

    /// The device is away, or active again. Nothing happens once it is closed.
    pub(super) fn set_away(&self, is_away: bool) {
        if let Some(device) = lock(&self.device).as_mut() {
            device.set_away(is_away);
        }
    }

    /// The connection is closed.
    pub fn close_device(&self) {
        lock(&self.device).take();
    }

    /// Subscribes the socket to `room:activity` of rooms that it is not in; true the first time.
    pub(super) fn begin_watching(&self) -> bool {
        !self.is_watching.swap(true, Ordering::Relaxed)
    }

    pub(super) fn is_watching(&self) -> bool {
        self.is_watching.load(Ordering::Relaxed)
    }

    pub(super) fn enter(&self, room_id: &RoomId) {
        lock(&self.rooms).insert(room_id.clone());
    }

    /// Removes the room; false if the socket was not in it.
    pub(super) fn leave(&self, room_id: &RoomId) -> bool {
        lock(&self.rooms).shift_remove(room_id)
    }

    /// Takes all rooms, in the order in which they were joined.
    pub(super) fn take_rooms(&self) -> IndexSet<RoomId> {
        std::mem::take(&mut *lock(&self.rooms))
    }

    /// The rooms that were joined last, at most `limit`, the last one first.
    pub(super) fn last_rooms(&self, limit: usize) -> Vec<RoomId> {
        lock(&self.rooms).iter().rev().take(limit).cloned().collect()
    }

    pub(super) fn take_typing(&self) -> HashSet<RoomId> {
        std::mem::take(&mut *lock(&self.typing))
    }

    /// True if others were sent that the user is typing somewhere by this socket.
    pub fn is_typing(&self) -> bool {
        !lock(&self.typing).is_empty()
    }
}

impl ActingSocket<'_> {
    /// Sends the others that the user is typing.
    pub(super) fn start_typing(&self, rooms: &Rooms, user: &TokenUserView, room_id: &RoomId) {
        lock(&self.state.typing).insert(room_id.clone());
        let view = TypingUserView { room_id, user_id: &user.id, user_name: user.name.as_deref() };
        rooms.push_ephemeral(Some(self.client), room_id, Encoded::new(event::TYPING_USER, &view));
    }

    /// Sends the others that the user has stopped typing, whether or not they were sent that the user began.
    pub(super) fn stop_typing(&self, rooms: &Rooms, user: &TokenUserView, room_id: &RoomId) {
        lock(&self.state.typing).remove(room_id);
        let view = RoomUserView { room_id, user_id: &user.id };
        rooms.push_ephemeral(Some(self.client), room_id, Encoded::new(event::TYPING_STOPPED, &view));
    }

    /// Sends the others that the user has stopped typing, but only if they were sent that the user began by this
    /// socket.
    pub(super) fn stop_typing_if_begun(&self, rooms: &Rooms, user: &TokenUserView, room_id: &RoomId) {
        let has_begun = lock(&self.state.typing).contains(room_id);
        if has_begun {
            self.stop_typing(rooms, user, room_id);
        }
    }
}
