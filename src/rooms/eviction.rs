//! Eviction: a room that nobody is in stays in memory for a while, for users whose connection broke, within a memory
//! limit. And while all rooms together take too much memory, they drop what they can load again.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Rooms,
    registry::{Phase, RoomCell},
    room::RoomState,
};
use crate::{chat::id::RoomId, sync::lock};

/// The interval between two eviction runs.
const TICK: Duration = Duration::from_secs(1);

/// Empty rooms, in the order in which they became idle. Some may have been entered since.
#[derive(Default)]
pub(super) struct EvictionQueue {
    queue: VecDeque<IdleRoom>,
    size: usize,
}

struct IdleRoom {
    since: Instant,
    room_id: RoomId,
    cell: Arc<RoomCell>,
}

impl EvictionQueue {
    /// The estimated memory of these rooms, in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

/// Runs until `rooms` is gone.
pub(super) async fn run(rooms: Weak<Rooms>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let Some(rooms) = rooms.upgrade() else { return };
        rooms.evict_idle(Instant::now());
        rooms.shed_if_over_limit();
    }
}

impl Rooms {
    /// Queues the room for eviction if nobody is in it. The caller holds the lock of the cell's phase.
    pub(super) fn mark_idle_if_empty(&self, room_id: &RoomId, cell: &Arc<RoomCell>, live: &mut RoomState) {
        if !live.audience.presence.is_empty() {
            return;
        }
        let since = Instant::now();
        live.idle_since = Some(since);
        let mut idle = lock(&self.idle);
        let size = live.size();
        idle.size += size;
        match lock(&cell.queued).replace(size) {
            Some(before) => idle.size -= before,
            None => {
                let (room_id, cell) = (room_id.clone(), Arc::clone(cell));
                idle.queue.push_back(IdleRoom { since, room_id, cell });
            }
        }
    }

    /// While all rooms together exceed the memory limit, rooms with large messages are trimmed to the minimum.
    fn shed_if_over_limit(&self) {
        if !self.memory.is_over() {
            return;
        }
        let cells: Vec<Arc<RoomCell>> = lock(&self.cells).values().cloned().collect();
        for cell in cells {
            if let Phase::Live(live) = &mut *lock(&cell.phase) {
                live.shed();
            }
        }
    }

    /// Evicts without waiting for the next tick, if the settings keep no idle rooms.
    pub(super) fn evict_idle_now(&self) {
        if self.settings.idle.is_zero() {
            self.evict_idle(Instant::now());
        }
    }

    /// Evicts the rooms that have been idle for long enough, and the longest idle ones while idle rooms exceed the
    /// memory limit.
    fn evict_idle(&self, now: Instant) {
        loop {
            let idle_room = {
                let mut idle = lock(&self.idle);
                let exceeds_memory = idle.size > self.settings.idle_memory;
                let has_expired =
                    |idle_room: &IdleRoom| now.duration_since(idle_room.since) >= self.settings.idle;
                if !idle.queue.front().is_some_and(|first| exceeds_memory || has_expired(first)) {
                    return;
                }
                let Some(idle_room) = idle.queue.pop_front() else { return };
                idle.size -= lock(&idle_room.cell.queued).take().unwrap_or(0);
                idle_room
            };
            let mut state = lock(&idle_room.cell.phase);
            let Phase::Live(live) = &mut *state else { continue };
            match live.idle_since {
                Some(since) if since == idle_room.since => {
                    self.note_digest(&idle_room.room_id, live);
                    *state = Phase::Closed;
                    drop(state);
                    self.remove_cell(&idle_room.room_id, &idle_room.cell);
                }
                // The room was entered and left again since: its idle time starts again.
                Some(_) => self.mark_idle_if_empty(&idle_room.room_id, &idle_room.cell, live),
                None => {}
            }
        }
    }
}
