//! A cache of the heads of rooms' logs as this node last saw them. They are expectations, not truth: other nodes append
//! too, so the database compares them on each append.

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

/// The most rooms whose head is remembered.
const REMEMBERED: usize = 100_000;

/// Shared by the writer, which updates heads when it commits, and the code that loads rooms, which reads heads.
#[derive(Default)]
pub struct Heads(Mutex<HashMap<RoomId, Remembered>>);

impl Heads {
    fn lock(&self) -> MutexGuard<'_, HashMap<RoomId, Remembered>> {
        // A poisoned lock is harmless: a map of numbers is never half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a head that was read from the database, unless one is remembered. A log without entries is not
    /// remembered: the room's messages may be newer than the head.
    pub fn note(&self, room_id: &RoomId, seq: i64, at: Timestamp) {
        if seq > 0 {
            let mut heads = self.lock();
            make_room_for(&mut heads, 1);
            // The number of entries that share this time was not read.
            let read = Remembered { seq, at: at.naive(), sharing: u32::MAX };
            heads.entry(room_id.clone()).or_insert(read);
        }
    }

    pub fn is_known(&self, room_id: &RoomId) -> bool {
        self.lock().contains_key(room_id)
    }

    /// Opens a batch for these rooms, if all their heads are known. The heads are forgotten until [`Self::keep`].
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

    /// The remembered heads of these rooms.
    pub(super) fn remembered(&self, batch: &[Append]) -> HashMap<RoomId, Remembered> {
        let heads = self.lock();
        let left = |append: &Append| Some((append.room_id.clone(), *heads.get(&append.room_id)?));
        batch.iter().filter_map(left).collect()
    }

    /// Remembers the heads of a committed batch.
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
