//! Entries of a live room that not everybody here was told of yet. To tell one wakes each who hears it, which costs more than
//! the packet does. Where many hear much, their packets wait for the next write anyway: there entries wait instead, and are
//! told back to back. Their author hears them at once, as the ack comes next; where many hear little, the others do right
//! after the ack.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use serde_json::value::RawValue;
use tokio::{
    task::yield_now,
    time::{Instant, sleep},
};

use super::{
    Rooms,
    gathered::Gathered,
    live::LiveRoom,
    lock,
    seat::{self, Seat},
    slot::{Slot, State},
};
use crate::{
    chat::{
        id::{RoomId, UserId},
        room::personal_channel,
    },
    db::room_log::{Entry, Told},
};

/// Where fewer sockets are, each entry is told at once: there is little to save.
const CROWD: usize = 8;

/// Entries that may wait in one room. To tell more would keep others from their turns for too long.
const WAITING: usize = 64;

/// What is told of an entry.
struct Packet {
    event: &'static str,
    view: Box<RawValue>,
}

pub(super) struct Untold {
    packets: Gathered<Packet>,
    /// Authors who are here: they have heard so many of the packets already.
    ahead: Vec<(UserId, usize)>,
}

impl Untold {
    /// `interval`: between two tellings of a room that is told of entries all the time.
    pub(super) fn new(interval: Duration, now: Instant) -> Self {
        let rate = Duration::from_secs(1).as_nanos().checked_div(interval.as_nanos());
        let rate = rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(u32::MAX);
        Self { packets: Gathered::new(rate, WAITING, now), ahead: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.packets.waiting().is_empty()
    }

    /// The packets that this user has not heard, who then has.
    fn catch_up(&mut self, user_id: &UserId) -> &[Packet] {
        let count = self.packets.waiting().len();
        let heard = match self.ahead.iter_mut().find(|(there, _)| there == user_id) {
            Some((_, heard)) => std::mem::replace(heard, count),
            None => {
                self.ahead.push((user_id.clone(), count));
                0
            }
        };
        self.packets.waiting().get(heard..).unwrap_or_default()
    }
}

impl Rooms {
    /// Tells everybody in a room here of an entry, in its order: where many are, the others a moment after its author.
    pub(super) fn tell_entry(
        &self,
        slot: &Arc<Slot>,
        live: &mut LiveRoom,
        entry: &Entry,
        (event, view): (&'static str, &RawValue),
    ) {
        let may_wait = live.presence.sockets() >= CROWD && !self.settings.flush_interval.is_zero();
        let room_id = &entry.room_id;
        let author = match &entry.told {
            Told::New(message) if may_wait => &message.sender_id,
            // Edits, deletions and reactions are few.
            _ => {
                self.tell_untold(room_id, live);
                return self.emit(room_id.as_str(), event, view);
            }
        };
        let is_due = live.untold.packets.note(Packet { event, view: view.to_owned() }, Instant::now());
        let seats = self.seats(live, author);
        let nobody_waits_for_an_ack = seats.is_empty();
        if is_due && (nobody_waits_for_an_ack || live.untold.packets.waiting().len() > 1) {
            return self.tell_untold(room_id, live);
        }
        if !nobody_waits_for_an_ack {
            let packets = live.untold.catch_up(author);
            tell_each(&seats, packets);
        }
        let (rooms, room_id) = (Weak::clone(&self.this), room_id.clone());
        if is_due {
            tokio::spawn(tell_next(rooms, room_id));
        } else if !live.untold.packets.is_awaited {
            live.untold.packets.is_awaited = true;
            tokio::spawn(tell_due(rooms, Arc::clone(slot), room_id, self.settings.flush_interval));
        }
    }

    /// Tells those who were not told yet of the entries that wait. The caller holds the room's lock.
    pub(super) fn tell_untold(&self, room_id: &RoomId, live: &mut LiveRoom) {
        if !live.untold.is_empty() {
            let packets = live.untold.packets.take();
            self.tell_others(room_id, live, &packets);
        }
    }

    /// The same, of a room by its id.
    pub(super) fn tell_untold_in(&self, room_id: &RoomId) {
        let slot = lock(&self.slots).get(room_id).cloned();
        if let Some(slot) = slot
            && let State::Live(live) = &mut *lock(&slot.state)
        {
            self.tell_untold(room_id, live);
        }
    }

    /// Nobody is to wait any longer: the server ends.
    pub fn tell_all_untold(&self) {
        let slots: Vec<_> =
            lock(&self.slots).iter().map(|(id, slot)| (id.clone(), Arc::clone(slot))).collect();
        for (room_id, slot) in slots {
            if let State::Live(live) = &mut *lock(&slot.state) {
                self.tell_untold(&room_id, live);
            }
        }
    }

    fn tell_others(&self, room_id: &RoomId, live: &mut LiveRoom, packets: &[Packet]) {
        let ahead = std::mem::take(&mut live.untold.ahead);
        let but: Vec<String> = ahead.iter().map(|(user_id, _)| personal_channel(user_id.as_str())).collect();
        for Packet { event, view } in packets {
            seat::emit_to_all_but(&self.io, room_id.as_str(), &but, event, view);
        }
        for (user_id, heard) in ahead {
            tell_each(&self.seats(live, &user_id), packets.get(heard..).unwrap_or_default());
        }
    }

    /// The sockets of a user in a room here.
    fn seats(&self, live: &LiveRoom, user_id: &UserId) -> Vec<Seat> {
        let Some(namespace) = self.io.of("/") else { return Vec::new() };
        let here = live.presence.sockets_of(user_id).iter();
        here.filter_map(|here| namespace.get_socket(here.sid)).map(Seat::new).collect()
    }
}

fn tell_each(seats: &[Seat], packets: &[Packet]) {
    for seat in seats {
        for Packet { event, view } in packets {
            seat.tell(event, view);
        }
    }
}

/// After all that is ready to run now, such as the author's ack.
async fn tell_next(rooms: Weak<Rooms>, room_id: RoomId) {
    yield_now().await;
    if let Some(rooms) = rooms.upgrade() {
        // Whom it wakes may have to run on this processor, as a proxy or a client on a small machine. It costs us our turn,
        // which a busy server needs.
        if !rooms.is_busy.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        rooms.tell_untold_in(&room_id);
    }
}

async fn tell_due(rooms: Weak<Rooms>, slot: Arc<Slot>, room_id: RoomId, interval: Duration) {
    sleep(interval).await;
    if let Some(rooms) = rooms.upgrade()
        && let State::Live(live) = &mut *lock(&slot.state)
    {
        let packets = live.untold.packets.due(Instant::now());
        rooms.tell_others(&room_id, live, &packets);
    }
}
