//! News of a live room that is in no log: who types, who has read. Where many do, each piece by itself would cost a write for
//! each who hears it. Beyond an allowance it waits a moment and is told in one go: its packets then share writes.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::{
    Rooms,
    allowance::Allowance,
    live::LiveRoom,
    lock,
    seat::Seat,
    slot::{Slot, State},
};
use crate::chat::id::RoomId;

/// News that may wait in one room. When it is as much, it is told at once.
const WAITING: usize = 256;

/// Something to tell the others.
pub(super) struct News {
    from: Seat,
    event: &'static str,
    view: Box<RawValue>,
}

pub(super) struct Ephemeral<N = News> {
    /// Oldest first.
    waiting: Vec<N>,
    allowance: Allowance,
    /// Somebody will call [`Self::due`].
    pub(super) is_awaited: bool,
}

impl<N> Ephemeral<N> {
    /// `rate`: how many times in a second this room may be told something.
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        Self { waiting: Vec::new(), allowance: Allowance::new(rate, now), is_awaited: false }
    }

    /// Takes news; true if it is to be told now, with what waits.
    pub(super) fn note(&mut self, news: N, now: Instant) -> bool {
        let is_allowed = self.waiting.is_empty() && self.allowance.take(1, now);
        self.waiting.push(news);
        is_allowed || self.waiting.len() >= WAITING
    }

    /// What waits, to be told before something else.
    pub(super) fn take(&mut self) -> Vec<N> {
        std::mem::take(&mut self.waiting)
    }

    /// What waits, when it has waited for long enough.
    pub(super) fn due(&mut self, now: Instant) -> Vec<N> {
        self.is_awaited = false;
        if !self.waiting.is_empty() {
            self.allowance.take(1, now);
        }
        self.take()
    }
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
        let news = News { from: from.clone(), event, view };
        if live.ephemeral.note(news, Instant::now()) {
            tell_all(room_id, live.ephemeral.take());
        } else if !live.ephemeral.is_awaited {
            live.ephemeral.is_awaited = true;
            tokio::spawn(tell_due(
                Arc::clone(&slot),
                room_id.clone(),
                Duration::from_secs(1) / self.settings.ephemeral_rate,
            ));
        }
    }
}

async fn tell_due(slot: Arc<Slot>, room_id: RoomId, interval: Duration) {
    sleep(interval).await;
    if let State::Live(live) = &mut *lock(&slot.state) {
        tell_all(&room_id, live.ephemeral.due(Instant::now()));
    }
}

/// Tells what waits, before something else is told in the room. The caller holds the room's lock.
pub(super) fn tell_waiting(room_id: &RoomId, live: &mut LiveRoom) {
    tell_all(room_id, live.ephemeral.take());
}

fn tell_all(room_id: &RoomId, news: Vec<News>) {
    for News { from, event, view } in news {
        from.emit_to_others(room_id.as_str(), event, &view);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_few_are_told_at_once_and_those_beyond_the_allowance_together() {
        let now = Instant::now();
        let mut ephemeral = Ephemeral::new(3, now);
        for news in 0..3 {
            assert!(ephemeral.note(news, now));
            assert_eq!(ephemeral.take(), [news]);
        }
        for news in 3..6 {
            assert!(!ephemeral.note(news, now));
        }
        let due = now + Duration::from_millis(400);
        assert_eq!(ephemeral.due(due), [3, 4, 5]);
        // That has used up what was allowed meanwhile.
        assert!(!ephemeral.note(6, due));
        assert_eq!(ephemeral.due(due + Duration::from_secs(2)), [6]);
        assert!(ephemeral.note(7, due + Duration::from_secs(2)));
    }

    #[test]
    fn nothing_overtakes_what_waits() {
        let now = Instant::now();
        let mut ephemeral = Ephemeral::new(1, now);
        assert!(ephemeral.note("first", now));
        ephemeral.take();
        assert!(!ephemeral.note("second", now));
        // By now there is an allowance again.
        assert!(!ephemeral.note("third", now + Duration::from_secs(9)));
        assert_eq!(ephemeral.take(), ["second", "third"]);
    }

    #[test]
    fn only_so_much_waits() {
        let now = Instant::now();
        let mut ephemeral = Ephemeral::new(1, now);
        assert!(ephemeral.note(0, now));
        ephemeral.take();
        let noted: Vec<bool> = (1..=WAITING).map(|news| ephemeral.note(news, now)).collect();
        assert_eq!(noted.iter().filter(|told| **told).count(), 1);
        assert_eq!(noted.last(), Some(&true));
        assert_eq!(ephemeral.take(), Vec::from_iter(1..=WAITING));
    }
}
