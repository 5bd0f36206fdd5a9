//! Live rooms that nobody is in: kept for a while, for those whose connection broke, within a bound of memory.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Rooms,
    live::LiveRoom,
    lock,
    slot::{Slot, State},
};
use crate::chat::id::RoomId;

/// Between two looks for rooms that have been idle for long enough.
const TICK: Duration = Duration::from_secs(1);

/// In the order in which they became idle. Some may have been entered since.
#[derive(Default)]
pub(super) struct Idle {
    queue: VecDeque<Waiting>,
    size: usize,
}

struct Waiting {
    since: Instant,
    room_id: RoomId,
    slot: Arc<Slot>,
    size: usize,
}

/// Runs until `rooms` is gone.
pub(super) async fn run(rooms: Weak<Rooms>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let Some(rooms) = rooms.upgrade() else { return };
        rooms.close_idle(Instant::now());
    }
}

impl Rooms {
    /// The caller holds the lock of the slot's state.
    pub(super) fn idle_if_empty(&self, room_id: &RoomId, slot: &Arc<Slot>, live: &mut LiveRoom) {
        if !live.presence.is_empty() {
            return;
        }
        let since = Instant::now();
        live.idle_since = Some(since);
        if !slot.is_queued.swap(true, Ordering::Relaxed) {
            let (room_id, slot, size) = (room_id.clone(), Arc::clone(slot), live.size());
            let mut idle = lock(&self.idle);
            idle.size += size;
            idle.queue.push_back(Waiting { since, room_id, slot, size });
        }
    }

    /// Closes the rooms that have been idle for long enough, and the longest idle ones while all take too much memory.
    fn close_idle(&self, now: Instant) {
        loop {
            let waiting = {
                let mut idle = lock(&self.idle);
                let is_crowded = idle.size > self.settings.idle_memory;
                let is_over = |waiting: &Waiting| now.duration_since(waiting.since) >= self.settings.idle;
                if !idle.queue.front().is_some_and(|first| is_crowded || is_over(first)) {
                    return;
                }
                let Some(waiting) = idle.queue.pop_front() else { return };
                idle.size -= waiting.size;
                waiting
            };
            let mut state = lock(&waiting.slot.state);
            waiting.slot.is_queued.store(false, Ordering::Relaxed);
            let State::Live(live) = &mut *state else { continue };
            match live.idle_since {
                Some(since) if since == waiting.since => {
                    *state = State::Closed;
                    drop(state);
                    self.remove_slot(&waiting.room_id, &waiting.slot);
                }
                // Entered and left again since: its time begins anew.
                Some(_) => self.idle_if_empty(&waiting.room_id, &waiting.slot, live),
                None => {}
            }
        }
    }
}
