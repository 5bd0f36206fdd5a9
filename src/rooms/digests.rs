//! The digests of rooms that leave memory. They wait to be written together: a room that is loaded meanwhile is compared
//! with the one that waits. That a room's log is not complete waits here, too, if it could not be stored; until it is, the
//! room gets no digest.

use std::{
    collections::HashMap,
    sync::{Mutex, Weak},
    time::Duration,
};

use tokio::time::{Instant, interval, timeout_at};

use super::{Rooms, registry::Phase, room::RoomState};
use crate::{
    chat::{Error, Result, id::RoomId},
    clock,
    db::room_log::{Digest, Tail, note_incomplete, write_digests},
    sync::lock,
};

/// The interval between two writes.
const TICK: Duration = Duration::from_secs(1);

/// The most digests of one statement, and the most that wait for a database that does not answer.
const MAX_WRITTEN: usize = 1_000;
const MAX_WAITING: usize = 50_000;
/// The longest that a shutdown takes to make digests. Rooms without one are loaded as after a crash.
const MAX_SHUTDOWN_TIME: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Digests {
    waiting: Mutex<HashMap<RoomId, Digest>>,
    /// The entries from which on logs are complete, which are not stored.
    incomplete: Mutex<HashMap<RoomId, i64>>,
    /// Held while they are written, so that no older digest is written last.
    writing: tokio::sync::Mutex<()>,
}

impl Digests {
    /// Notes that a room's log is complete only from an entry on, which could not be stored.
    pub(super) fn note_incomplete(&self, room_id: &RoomId, complete_from: i64) {
        let mut incomplete = lock(&self.incomplete);
        if incomplete.len() < MAX_WAITING || incomplete.contains_key(room_id) {
            let there = incomplete.entry(room_id.clone()).or_insert(complete_from);
            *there = complete_from.max(*there);
        }
    }

    /// The entry from which on a room's log is complete, if that is not stored.
    pub(super) fn unstored(&self, room_id: &RoomId) -> Option<i64> {
        lock(&self.incomplete).get(room_id).copied()
    }
}

/// Writes digests until `rooms` is gone. It is a task of its own: eviction does not wait for the database.
pub(super) async fn run(rooms: Weak<Rooms>) {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
        let Some(rooms) = rooms.upgrade() else { return };
        rooms.flush_digests().await;
    }
}

impl Rooms {
    /// Makes the digest of a room that leaves memory, unless the database has it. In a watched database the log has
    /// all changes, so none is needed.
    pub(super) fn note_digest(&self, room_id: &RoomId, live: &RoomState) {
        let is_needed = self.settings.compare_interval.is_some() && !self.db.facts().is_watched();
        if !is_needed || live.digested == Some(live.seq()) || self.digests.unstored(room_id).is_some() {
            return;
        }
        let mut waiting = lock(&self.digests.waiting);
        if waiting.len() < MAX_WAITING {
            waiting.insert(room_id.clone(), live.digest());
        }
    }

    /// Whether a room that was loaded is as it was when it left memory; none if that is not known.
    pub(super) fn is_as_digested(&self, room_id: &RoomId, tail: &Tail) -> Option<bool> {
        let waiting = lock(&self.digests.waiting).get(room_id).cloned();
        waiting.filter(|digest| digest.seq == tail.seq).or(tail.digest.clone())?.is_of(tail)
    }

    /// Writes all that waits. What fails is written with the next ones.
    async fn flush_digests(&self) {
        let _turn = self.digests.writing.lock().await;
        if let Err(error) = self.store_incomplete().await {
            return error.log();
        }
        loop {
            let some: Vec<(RoomId, Digest)> = lock(&self.digests.waiting)
                .iter()
                .take(MAX_WRITTEN)
                .map(|(id, digest)| (id.clone(), digest.clone()))
                .collect();
            if some.is_empty() {
                return;
            }
            if let Err(error) = write_digests(&self.db, &some).await {
                return error.log();
            }
            let mut waiting = lock(&self.digests.waiting);
            for (room_id, written) in some {
                if waiting.get(&room_id) == Some(&written) {
                    waiting.remove(&room_id);
                }
            }
        }
    }

    async fn store_incomplete(&self) -> Result<()> {
        let some: Vec<(RoomId, i64)> =
            lock(&self.digests.incomplete).iter().map(|(room_id, from)| (room_id.clone(), *from)).collect();
        for (room_id, complete_from) in some {
            match note_incomplete(&self.db, &room_id, complete_from, clock::now()).await {
                Ok(()) => {}
                Err(error @ Error::Unavailable(_)) => return Err(error),
                // The others do not wait for one room that the database refuses.
                Err(error) => {
                    error.log();
                    continue;
                }
            }
            let mut incomplete = lock(&self.digests.incomplete);
            if incomplete.get(&room_id) == Some(&complete_from) {
                incomplete.remove(&room_id);
            }
        }
        Ok(())
    }

    /// Writes the digests of all rooms in memory, when nothing changes them any more.
    pub async fn write_all_digests(&self) {
        let until = Instant::now() + MAX_SHUTDOWN_TIME;
        let cells: Vec<_> = lock(&self.cells).iter().map(|(id, cell)| (id.clone(), cell.clone())).collect();
        for (room_id, cell) in cells {
            if Instant::now() + MAX_SHUTDOWN_TIME / 2 > until {
                break;
            }
            if let Phase::Live(live) = &*lock(&cell.phase) {
                self.note_digest(&room_id, live);
            }
        }
        // A database that does not answer must not keep the server from stopping.
        let _late = timeout_at(until, self.flush_digests()).await;
    }
}
