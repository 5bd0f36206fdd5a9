//! The heads of rooms' logs as this node last saw them: what it expects of the next append, not what is so. Other
//! nodes append too, and the database compares.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::NaiveDateTime;

use super::{
    Append,
    batch::{AppendBatch, Head, Remembered},
};
use crate::chat::{id::RoomId, timestamp::Timestamp};

/// Rooms whose head is remembered at the most.
const REMEMBERED: usize = 100_000;

/// Shared by the writer, which leaves heads behind, and by whoever loads a room, and so reads its head.
#[derive(Default)]
pub struct Heads(Mutex<HashMap<RoomId, Remembered>>);

impl Heads {
    fn lock(&self) -> MutexGuard<'_, HashMap<RoomId, Remembered>> {
        // A map of numbers is never half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a head that was read from the database, unless one is remembered. A log without entries has none: the
    /// messages of its room may be newer than the head.
    pub fn note(&self, room_id: &RoomId, seq: i64, at: Timestamp) {
        if seq > 0 {
            let mut heads = self.lock();
            make_room_for(&mut heads, 1);
            // How many entries have that time was not read.
            let read = Remembered { seq, at: at.naive(), sharing: u32::MAX };
            heads.entry(room_id.clone()).or_insert(read);
        }
    }

    pub fn is_known(&self, room_id: &RoomId) -> bool {
        self.lock().contains_key(room_id)
    }

    /// A writes of these rooms, if the heads of all are known. They are known again when the writes is kept.
    pub(super) fn open(&self, batch: &[Append], now: NaiveDateTime) -> Option<AppendBatch> {
        let mut heads = self.lock();
        let mut writes = AppendBatch::default();
        for append in batch {
            if !writes.heads.contains_key(&append.room_id) {
                let left = heads.remove(&append.room_id)?;
                writes.open(&append.room_id, (left.seq, left.at), Some(left), now);
            }
        }
        Some(writes)
    }

    /// What is remembered of these rooms.
    pub(super) fn remembered(&self, batch: &[Append]) -> HashMap<RoomId, Remembered> {
        let heads = self.lock();
        let left = |append: &Append| Some((append.room_id.clone(), *heads.get(&append.room_id)?));
        batch.iter().filter_map(left).collect()
    }

    /// Remembers the heads of what was committed.
    pub(super) fn keep(&self, committed: HashMap<RoomId, Head>) {
        let mut heads = self.lock();
        make_room_for(&mut heads, committed.len());
        heads.extend(committed.into_iter().map(|(room_id, head)| (room_id, head.left())));
    }
}

fn make_room_for(heads: &mut HashMap<RoomId, Remembered>, count: usize) {
    if heads.len() + count > REMEMBERED {
        heads.clear();
    }
}
