//! The rooms that have entries to be indexed.

use std::{collections::HashMap, time::Duration};

use indexmap::{IndexMap, IndexSet};
use tokio::time::Instant;

use crate::chat::id::RoomId;

/// The most rooms that are noted. Above that, all rooms are looked at instead.
const MAX_ROOMS: usize = 100_000;
/// The most rooms in doubt, and how long a look at the newest messages of one counts.
const MAX_DOUBTS: usize = 10_000;
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Pending {
    /// Each with the time at which it was noted first.
    rooms: IndexMap<RoomId, Instant>,
    /// Rooms that another node was indexing, with the time at which they are looked at again.
    later: Vec<(RoomId, Instant)>,
    looks: bool,
    /// Rooms in which other programs may have written.
    doubts: IndexSet<RoomId>,
    /// When the rooms were last in doubt.
    doubted: HashMap<RoomId, Instant>,
}

/// Rooms that were taken to be indexed.
pub(super) struct Taken {
    pub(super) rooms: Vec<RoomId>,
    /// When the first of them was noted.
    pub(super) oldest: Option<Instant>,
}

impl Pending {
    /// Notes a room; true if it is the first one.
    pub(super) fn add(&mut self, room_id: &RoomId, now: Instant) -> bool {
        if self.rooms.len() >= MAX_ROOMS {
            self.looks = true;
            return false;
        }
        let was_empty = self.rooms.is_empty();
        self.rooms.entry(room_id.clone()).or_insert(now);
        was_empty
    }

    /// Notes that all rooms are to be looked at.
    pub(super) fn look(&mut self) {
        self.looks = true;
    }

    pub(super) fn take_look(&mut self) -> bool {
        std::mem::take(&mut self.looks)
    }

    /// Notes that other programs may have written in a room; false if that was noted a while ago.
    pub(super) fn doubt(&mut self, room_id: &RoomId, now: Instant) -> bool {
        let is_recent = |at: &Instant| now.duration_since(*at) < CHECK_INTERVAL;
        if self.doubted.get(room_id).is_some_and(is_recent) || self.doubts.len() >= MAX_DOUBTS {
            return false;
        }
        if self.doubted.len() >= MAX_DOUBTS {
            self.doubted.retain(|_, at| is_recent(at));
            if self.doubted.len() >= MAX_DOUBTS {
                return false;
            }
        }
        self.doubted.insert(room_id.clone(), now);
        self.doubts.insert(room_id.clone())
    }

    pub(super) fn take_doubts(&mut self, limit: usize) -> Vec<RoomId> {
        self.doubts.drain(..limit.min(self.doubts.len())).collect()
    }

    pub(super) fn take(&mut self, limit: usize, now: Instant) -> Taken {
        let (due, later) = std::mem::take(&mut self.later).into_iter().partition(|(_, at)| *at <= now);
        self.later = later;
        let due: Vec<(RoomId, Instant)> = due;
        due.iter().for_each(|(room_id, _)| {
            self.add(room_id, now);
        });
        let count = limit.min(self.rooms.len());
        let taken: Vec<(RoomId, Instant)> = self.rooms.drain(..count).collect();
        let oldest = taken.iter().map(|(_, since)| *since).min();
        Taken { rooms: taken.into_iter().map(|(room_id, _)| room_id).collect(), oldest }
    }

    /// When the next of the rooms is to be looked at that wait for another node.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.later.iter().map(|(_, at)| *at).min()
    }

    /// Puts rooms back that could not be indexed.
    pub(super) fn put_back(&mut self, taken: Taken) {
        self.again(&taken.rooms, taken.oldest);
    }

    /// Notes rooms that have more entries, since a time at which they were noted.
    pub(super) fn again(&mut self, room_ids: &[RoomId], since: Option<Instant>) {
        let Some(since) = since else { return };
        for room_id in room_ids {
            let noted = self.rooms.entry(room_id.clone()).or_insert(since);
            *noted = since.min(*noted);
        }
    }

    /// Notes rooms that are to be looked at again at a time.
    pub(super) fn later(&mut self, room_ids: Vec<RoomId>, at: Instant) {
        self.later.extend(room_ids.into_iter().map(|room_id| (room_id, at)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_room_is_taken_once_however_often_it_was_noted_and_the_oldest_first() {
        let (start, mut pending) = (Instant::now(), Pending::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(pending.add(&"a".into(), at(1)));
        assert!(!pending.add(&"b".into(), at(2)));
        assert!(!pending.add(&"a".into(), at(3)));
        let taken = pending.take(1, at(4));
        assert_eq!((&taken.rooms, taken.oldest), (&vec!["a".into()], Some(at(1))));
        pending.put_back(taken);
        pending.later(vec!["c".into()], at(6));
        let taken = pending.take(9, at(5));
        assert_eq!((&taken.rooms, taken.oldest), (&vec!["b".into(), "a".into()], Some(at(1))));
        let taken = pending.take(9, at(6));
        assert_eq!((&taken.rooms, taken.oldest), (&vec!["c".into()], Some(at(6))));
        assert!(pending.take(9, at(9)).rooms.is_empty());
    }

    #[test]
    fn with_too_many_rooms_all_are_looked_at() {
        let (now, mut pending) = (Instant::now(), Pending::default());
        for number in 0..MAX_ROOMS + 5 {
            pending.add(&format!("room {number}").into(), now);
        }
        assert_eq!(pending.rooms.len(), MAX_ROOMS);
        assert!(pending.take_look() && !pending.take_look());
    }

    #[test]
    fn a_room_in_doubt_is_looked_at_once_in_a_while() {
        let (start, mut pending) = (Instant::now(), Pending::default());
        assert!(pending.doubt(&"a".into(), start));
        assert!(!pending.doubt(&"a".into(), start));
        assert_eq!(pending.take_doubts(9), ["a".into()]);
        assert!(!pending.doubt(&"a".into(), start + CHECK_INTERVAL / 2));
        assert!(pending.doubt(&"a".into(), start + CHECK_INTERVAL));
        for number in 0..MAX_DOUBTS + 5 {
            pending.doubt(&format!("room {number}").into(), start + CHECK_INTERVAL);
        }
        assert_eq!((pending.doubts.len(), pending.doubted.len()), (MAX_DOUBTS, MAX_DOUBTS));
    }
}
