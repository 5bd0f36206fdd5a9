//! What one socket is known by: its user, the rooms it is in, where it is typing, where its pages ended, its lane of events.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use indexmap::IndexSet;

use super::{connect::Presented, dispatch::Arrival, lane::Lane, page_ends::PageEnds};
use crate::{
    access::Access,
    auth::Claims,
    chat::id::RoomId,
    error::Result,
    metrics::Counted,
    protocol::{RoomUserView, TokenUserView, TypingUserView, event},
    rooms::{Rooms, Seat},
};

pub(super) struct Session {
    pub(super) claims: Claims,
    pub(super) user: TokenUserView,
    /// The client has said that its client ids name one message each.
    pub(super) knows_client_ids: bool,
    /// The client has said that it was connected before.
    pub(super) has_returned: bool,
    pub(super) lane: Lane<Arrival>,
    pub(super) page_ends: PageEnds,
    rooms: Mutex<IndexSet<RoomId>>,
    typing: Mutex<HashSet<RoomId>>,
    lost_database: Mutex<Option<Instant>>,
    is_known: AtomicBool,
    is_watching: AtomicBool,
    counted: Mutex<Option<Counted>>,
}

impl Session {
    /// `counted`: among the sockets, until the session is over. Not every session that begins is ever connected or told that
    /// it is disconnected: its client may leave in between.
    pub(super) fn new(claims: Claims, presented: &Presented, counted: Counted) -> Self {
        Self {
            user: claims.token_user(),
            claims,
            knows_client_ids: presented.protocol >= 1,
            has_returned: presented.has_returned,
            lane: Lane::default(),
            page_ends: PageEnds::default(),
            rooms: Mutex::default(),
            typing: Mutex::default(),
            lost_database: Mutex::default(),
            is_known: AtomicBool::new(false),
            is_watching: AtomicBool::new(false),
            counted: Mutex::new(Some(counted)),
        }
    }

    /// Its socket is not counted any more.
    pub(super) fn uncount(&self) {
        lock(&self.counted).take();
    }

    /// Makes sure that the user is in the database. Where that could not be found out at sign-in, the first event does, before
    /// it may do anything.
    pub(super) async fn ensure_known(&self, access: &Access) -> Result<()> {
        if !self.is_known() {
            access.ensure_known(&self.claims).await?;
            self.is_known.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The user was found to be in the database.
    pub(super) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// This socket looks at the list of rooms; true the first time.
    pub(super) fn begin_watching(&self) -> bool {
        !self.is_watching.swap(true, Ordering::Relaxed)
    }

    pub(super) fn is_watching(&self) -> bool {
        self.is_watching.load(Ordering::Relaxed)
    }

    pub(super) fn entered(&self, room_id: &RoomId) {
        lock(&self.rooms).insert(room_id.clone());
    }

    /// False if it was not there.
    pub(super) fn left(&self, room_id: &RoomId) -> bool {
        lock(&self.rooms).shift_remove(room_id)
    }

    /// The database did not answer an event in time. Those that waited behind it are not to wait as long again, one after
    /// the other: each is to be answered within the time that one may take.
    pub(super) fn lost_database(&self) {
        *lock(&self.lost_database) = Some(Instant::now());
    }

    /// The database was lost after this moment.
    pub(super) fn lost_database_after(&self, moment: Instant) -> bool {
        lock(&self.lost_database).is_some_and(|lost| lost > moment)
    }

    /// In the order in which they were entered.
    pub(super) fn take_rooms(&self) -> IndexSet<RoomId> {
        std::mem::take(&mut *lock(&self.rooms))
    }

    pub(super) fn take_typing(&self) -> HashSet<RoomId> {
        std::mem::take(&mut *lock(&self.typing))
    }

    /// Others were told that this socket types somewhere.
    pub(super) fn is_typing(&self) -> bool {
        !lock(&self.typing).is_empty()
    }

    /// Tells the others that this user types.
    pub(super) fn start_typing(&self, rooms: &Rooms, seat: &Seat, room_id: &RoomId) {
        lock(&self.typing).insert(room_id.clone());
        let view = TypingUserView { room_id, user_id: &self.user.id, user_name: self.user.name.as_deref() };
        rooms.tell_ephemeral(seat, room_id, event::TYPING_USER, &view);
    }

    /// Tells the others that this user types no more, whether they were told that they do or not.
    pub(super) fn stop_typing(&self, rooms: &Rooms, seat: &Seat, room_id: &RoomId) {
        lock(&self.typing).remove(room_id);
        let view = RoomUserView { room_id, user_id: &self.user.id };
        rooms.tell_ephemeral(seat, room_id, event::TYPING_STOPPED, &view);
    }

    /// The same, if they were told that this socket types there.
    pub(super) fn stop_typing_if_begun(&self, rooms: &Rooms, seat: &Seat, room_id: &RoomId) {
        let begun = lock(&self.typing).contains(room_id);
        if begun {
            self.stop_typing(rooms, seat, room_id);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
