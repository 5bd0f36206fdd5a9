//! The digests of rooms that leave memory. They wait to be written together: a room that is loaded meanwhile is compared
//! with the one that waits.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::{Rooms, registry::Phase, room::RoomState};
use crate::{
    chat::id::RoomId,
    db::room_log::{Digest, Tail, write_digests},
    sync::lock,
};

/// The most digests of one statement, and the most that wait for a database that does not answer.
const MAX_WRITTEN: usize = 1_000;
const MAX_WAITING: usize = 50_000;
/// The longest that a shutdown takes to make digests. Rooms without one are loaded as after a crash.
const MAX_SHUTDOWN_TIME: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Digests(Mutex<HashMap<RoomId, Digest>>);

impl Rooms {
    /// Makes the digest of a room that leaves memory, unless the database has it. In a watched database the log has
    /// all changes, so none is needed.
    pub(super) fn note_digest(&self, room_id: &RoomId, live: &RoomState) {
        let is_needed = self.settings.compare_interval.is_some() && !self.db.facts().is_watched();
        if !is_needed || live.digested == Some(live.seq()) {
            return;
        }
        let mut waiting = lock(&self.digests.0);
        if waiting.len() < MAX_WAITING {
            waiting.insert(room_id.clone(), live.digest());
        }
    }

    /// Whether a room that was loaded is as it was when it left memory; none if that is not known.
    pub(super) fn is_as_digested(&self, room_id: &RoomId, tail: &Tail) -> Option<bool> {
        let waiting = lock(&self.digests.0).get(room_id).cloned();
        waiting.filter(|digest| digest.seq == tail.seq).or(tail.digest.clone())?.is_of(tail)
    }

    /// Writes the digests that wait. What fails is written with the next ones.
    pub(super) async fn flush_digests(&self) {
        loop {
            let some: Vec<(RoomId, Digest)> = lock(&self.digests.0)
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
            let mut waiting = lock(&self.digests.0);
            for (room_id, written) in some {
                if waiting.get(&room_id) == Some(&written) {
                    waiting.remove(&room_id);
                }
            }
        }
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
