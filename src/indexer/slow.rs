//! Rooms whose history takes the database longer than it may: other rooms are indexed meanwhile, and these are tried again
//! later, with smaller pages. No I/O.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::chat::id::RoomId;

/// The wait before such a room is tried again.
const WAIT: Duration = Duration::from_secs(60);
/// The most such rooms that are remembered.
const MAX_ROOMS: usize = 10_000;
/// After a page of several rooms took too long, this many pages are of one room each.
const ALONE: usize = 32;

pub(super) struct SlowRooms {
    rooms: HashMap<RoomId, Slow>,
    /// The next pages that are of one room each.
    alone: usize,
    /// The size of a page of a room that is not slow.
    page: usize,
}

struct Slow {
    page: usize,
    again_at: Instant,
}

impl SlowRooms {
    pub(super) fn new(page: usize) -> Self {
        Self { rooms: HashMap::new(), alone: 0, page }
    }

    /// The number of rooms that are to be tried later.
    pub(super) fn count_waiting(&self, now: Instant) -> usize {
        self.rooms.values().filter(|slow| slow.again_at > now).count()
    }

    /// Chooses the rooms of the next page, at most `limit`, and its size.
    pub(super) fn choose(&self, mut rooms: Vec<RoomId>, limit: usize, now: Instant) -> (Vec<RoomId>, usize) {
        rooms.retain(|room_id| self.rooms.get(room_id).is_none_or(|slow| slow.again_at <= now));
        rooms.truncate(if self.alone > 0 { 1 } else { limit });
        // A slow room has a page of its own.
        match rooms.iter().position(|room_id| self.rooms.contains_key(room_id)) {
            Some(0) => rooms.truncate(1),
            Some(place) => rooms.truncate(place),
            None => {}
        }
        let page =
            rooms.first().and_then(|room_id| self.rooms.get(room_id)).map_or(self.page, |slow| slow.page);
        (rooms, page)
    }

    /// Notes that a page of these rooms took too long.
    pub(super) fn note_failure(&mut self, rooms: &[RoomId], now: Instant) {
        self.alone = ALONE;
        let [room_id] = rooms else { return };
        if self.rooms.len() < MAX_ROOMS || self.rooms.contains_key(room_id) {
            let first = || Slow { page: self.page, again_at: now };
            let slow = self.rooms.entry(room_id.clone()).or_insert_with(first);
            (slow.page, slow.again_at) = ((slow.page / 4).max(1), now + WAIT);
        }
    }

    /// Notes that a page was indexed. `done`: the rooms whose history is indexed to its beginning.
    pub(super) fn note_success(&mut self, done: &[RoomId]) {
        self.alone = self.alone.saturating_sub(1);
        for room_id in done {
            self.rooms.remove(room_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_that_takes_too_long_waits_and_comes_back_alone_with_smaller_pages() {
        let (now, mut slow) = (Instant::now(), SlowRooms::new(256));
        let ids = |ids: &[&str]| -> Vec<RoomId> { ids.iter().map(|id| (*id).into()).collect() };
        let all = ids(&["a", "b", "c"]);
        assert_eq!(slow.choose(all.clone(), 2, now), (ids(&["a", "b"]), 256));
        // It is not known which of them it was.
        slow.note_failure(&ids(&["a", "b"]), now);
        assert_eq!(slow.choose(all.clone(), 2, now), (ids(&["a"]), 256));
        slow.note_failure(&ids(&["a"]), now);
        assert_eq!((slow.choose(all.clone(), 2, now), slow.count_waiting(now)), ((ids(&["b"]), 256), 1));
        (0..ALONE).for_each(|_| slow.note_success(&[]));
        assert_eq!(slow.choose(all.clone(), 2, now), (ids(&["b", "c"]), 256));
        let later = now + WAIT;
        assert_eq!(slow.choose(all.clone(), 2, later), (ids(&["a"]), 64));
        assert_eq!(slow.choose(ids(&["b", "a"]), 2, later), (ids(&["b"]), 256));
        slow.note_success(&ids(&["a"]));
        assert_eq!(slow.choose(all, 2, later), (ids(&["a", "b"]), 256));
    }
}
