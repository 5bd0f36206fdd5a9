//! News of a live room that is in no log: who types, who has read. Where many do, each piece by itself would cost a write for
//! each who hears it.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::{
    Rooms,
    gathered::Gathered,
    live::LiveRoom,
    lock,
    seat::Seat,
    slot::{Slot, State},
};
use crate::chat::id::RoomId;

/// Something to tell the others.
pub(super) struct News {
    from: Seat,
    event: &'static str,
    view: Box<RawValue>,
}

pub(super) type Ephemeral = Gathered<News>;

/// News that may wait in one room.
const WAITING: usize = 256;

/// `rate`: how many times in a second a room may be told.
pub(super) fn new(rate: u32, now: Instant) -> Ephemeral {
    Gathered::new(rate, WAITING, now)
}

impl Rooms {
    /// Tells the others in a room of what this socket's user does, in a moment if there is much of that. Each hears it once,
    /// in order, and before later entries of the room's log and before who comes or goes later.
    pub fn tell_ephemeral(&self, from: &Seat, room_id: &RoomId, event: &'static str, view: &impl Serialize) {
        // Where no room is live nobody is in it.
        let Some(slot) = lock(&self.slots).get(room_id).cloned() else { return };
        let view = match serde_json::value::to_raw_value(view) {
            Ok(view) => view,
            // Views are plain data, so this cannot be.
            Err(error) => return tracing::error!(%error, event, "could not be encoded"),
        };
        let mut state = lock(&slot.state);
        let State::Live(live) = &mut *state else { return };
        self.tell_gathered_news(room_id, live);
        let news = News { from: from.clone(), event, view };
        if live.ephemeral.note(news, Instant::now()) {
            self.tell_waiting(room_id, live);
        } else if !live.ephemeral.is_awaited {
            live.ephemeral.is_awaited = true;
            let interval = Duration::from_secs(1) / self.settings.ephemeral_rate;
            tokio::spawn(tell_due(Weak::clone(&self.this), Arc::clone(&slot), room_id.clone(), interval));
        }
    }

    /// Tells what waits, before something else is told in the room. The caller holds the room's lock.
    pub(super) fn tell_waiting(&self, room_id: &RoomId, live: &mut LiveRoom) {
        // Entries that wait are older than other news that waits: before an entry comes to wait, that is told.
        self.tell_untold(room_id, live);
        tell_all(room_id, live.ephemeral.take());
    }
}

async fn tell_due(rooms: Weak<Rooms>, slot: Arc<Slot>, room_id: RoomId, interval: Duration) {
    sleep(interval).await;
    if let Some(rooms) = rooms.upgrade()
        && let State::Live(live) = &mut *lock(&slot.state)
    {
        rooms.tell_untold(&room_id, live);
        tell_all(&room_id, live.ephemeral.due(Instant::now()));
    }
}

fn tell_all(room_id: &RoomId, news: Vec<News>) {
    for News { from, event, view } in news {
        from.emit_to_others(room_id.as_str(), event, &view);
    }
}
