//! Loads a room into memory on this node, and backfills older messages.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::{
    Rooms,
    registry::{Phase, RoomCell},
    room::{Compared, Freshness, RoomState},
    unlogged::{is_accounted_for, unlogged},
};
use crate::{
    chat::{
        Error, Result,
        id::{MessageId, RoomId, UserId},
        message::Place,
    },
    clock,
    db::{
        self,
        room_log::{EntryBody, Tail, note_incomplete},
    },
    sync::lock,
};

/// The most read marks that are loaded with a room. From them it is known what their users have missed.
const MAX_READ_MARKS: i64 = 10_000;

/// The next step that a cell needs before somebody can enter the room.
enum Need {
    Nothing,
    Load,
    /// Compare the room with the database.
    Comparison,
    /// Backfill this many messages older than a place.
    Older(Place, usize),
    AnotherCell,
}

impl Rooms {
    /// Returns the cell of a room that was loaded a moment ago. Loads the room if necessary, with all messages that
    /// `reader` has to be sent. `freshness`: how recent the last comparison with what other programs write has to be.
    pub(super) async fn live_cell(
        &self,
        room_id: &RoomId,
        reader: Option<&UserId>,
        mut freshness: Freshness,
    ) -> Result<Arc<RoomCell>> {
        loop {
            let cell = lock(&self.cells).entry(room_id.clone()).or_default().clone();
            let next = match &*lock(&cell.phase) {
                Phase::Live(live) if !live.is_comparison_due(freshness) => {
                    if !self.needs_older(live, reader) {
                        return Ok(Arc::clone(&cell));
                    }
                    None
                }
                Phase::Live(live) => live.next_comparison(freshness),
                _ => None,
            };
            if let Some(next) = next {
                sleep_until(next).await;
                continue;
            }
            let _turn = self.db.within_timeout(async { Ok(cell.loading.lock().await) }).await?;
            let need = match &mut *lock(&cell.phase) {
                Phase::Live(live) if live.is_comparison_due_now(freshness) => Need::Comparison,
                Phase::Live(live) if self.needs_older(live, reader) => {
                    let (place, count) = live.begin_backfill();
                    Need::Older(place, count)
                }
                Phase::Live(_) => Need::Nothing,
                Phase::Loading(_) => Need::Load,
                Phase::Closed => Need::AnotherCell,
            };
            match need {
                Need::Nothing => return Ok(cell.clone()),
                Need::Comparison => {
                    self.compare(room_id, &cell).await;
                    freshness = Freshness::Any;
                }
                Need::AnotherCell => self.remove_cell(room_id, &cell),
                Need::Load => {
                    if let Err(error) = self.load(room_id, &cell).await {
                        *lock(&cell.phase) = Phase::Closed;
                        self.remove_cell(room_id, &cell);
                        return Err(error);
                    }
                }
                Need::Older(place, count) => {
                    let older = db::messages::list_older(&self.db, room_id, &place, count).await;
                    if let Phase::Live(live) = &mut *lock(&cell.phase) {
                        match older {
                            Ok(older) => live.finish_backfill(older.messages),
                            Err(error) => {
                                live.abandon_backfill();
                                self.mark_idle_if_empty(room_id, &cell, live);
                                return Err(error);
                            }
                        }
                    }
                }
            }
        }
    }

    async fn load(&self, room_id: &RoomId, cell: &Arc<RoomCell>) -> Result<()> {
        let (limit, begun) = (self.settings.messages, Instant::now());
        let mut tail = db::room_log::load_tail_with_readers(&self.db, room_id, limit, MAX_READ_MARKS).await?;
        // A user who enters a room soon writes in it: the known head allows the fast path.
        if let Some(at) = tail.at {
            self.log.note_head(room_id, tail.seq, at);
        }
        let is_compared = self.settings.compare_interval.is_some();
        let (changes, is_known) =
            if is_compared { self.list_unlogged(&tail).await } else { (Vec::new(), true) };
        let is_as_digested = self.is_as_digested(room_id, &tail);
        let is_doubtful =
            is_compared && (!is_known || self.is_doubtful(is_as_digested, &tail, !changes.is_empty()).await);
        let is_complete = !is_doubtful && changes.is_empty();
        let unstored = self.digests.unstored(room_id);
        let read = std::mem::take(&mut tail.read);
        let (loaded, mut has_gap) = (tail.seq, false);
        {
            let (settings, memory) = (Arc::clone(&self.settings), Arc::clone(&self.memory));
            let mut state = lock(&cell.phase);
            let Phase::Loading(missed) = &mut *state else { return Ok(()) };
            let mut live = Box::new(RoomState::new(room_id.clone(), tail, read, settings, memory));
            live.compared = Compared::by_loading(begun);
            live.digested = is_as_digested.filter(|is_same| *is_same).map(|_| loaded);
            // Before the room is live: whoever catches up in it is told that the log is not complete.
            if !is_complete {
                live.note_complete_from(loaded + 1);
            }
            if let Some(complete_from) = unstored {
                live.note_complete_from(complete_from);
            }
            // These come from two sources, the writer and comparisons, so they are not in order.
            missed.sort_by_key(|entry| entry.seq);
            for entry in missed.drain(..) {
                has_gap |= live.gap_before(&entry).is_some();
                if !has_gap {
                    live.apply(&entry);
                }
            }
            *state = Phase::Live(live);
            self.node_cache.import_reads(room_id);
        }
        if has_gap {
            self.catch_up(room_id, cell, loaded).await?;
        }
        if is_as_digested != Some(true) {
            self.note_unindexed([room_id]);
        }
        if is_doubtful && let Err(error) = note_incomplete(&self.db, room_id, loaded + 1, clock::now()).await
        {
            error.log();
            self.digests.note_incomplete(room_id, loaded + 1);
        }
        if let Err(error) = self.log_foreign_changes(room_id, loaded, changes).await {
            // The log does not have them: that it is not complete is stored later.
            error.log();
            self.digests.note_incomplete(room_id, loaded + 1);
        }
        Ok(())
    }

    /// Returns another program's changes since the last entries of a room's log, and whether these are known: messages that
    /// are not among those that were loaded may be gone, or may only be older.
    async fn list_unlogged(&self, tail: &Tail) -> (Vec<EntryBody>, bool) {
        let mut changes = unlogged(tail, self.db.facts().changes_messages());
        let deleted = |change: &EntryBody| match change {
            EntryBody::Deleted(deleted) => Some(deleted.0.clone()),
            _ => None,
        };
        let missing: Vec<MessageId> = changes.iter().filter_map(deleted).collect();
        if missing.is_empty() {
            return (changes, true);
        }
        let there = db::messages::list_existing(&self.db, &missing).await.inspect_err(Error::log);
        let is_gone = |id: &MessageId| there.as_ref().is_ok_and(|there| !there.contains(id));
        changes.retain(|change| deleted(change).is_none_or(|id| is_gone(&id)));
        (changes, there.is_ok())
    }

    /// True if another program may have changed a room, beside the changes that the last entries of its log show. Without a
    /// digest, as after a crash, that is so if others are known to write. `has_changes`: there are such changes, which end
    /// what the log has all of by themselves.
    async fn is_doubtful(&self, is_as_digested: Option<bool>, tail: &Tail, has_changes: bool) -> bool {
        match is_as_digested {
            Some(true) => false,
            Some(false) => {
                self.others.note_found();
                true
            }
            None if has_changes || self.others.are_told(&self.db) || is_accounted_for(tail) => false,
            None => self.others.have_written(&self.db).await,
        }
    }

    /// True if the reader has to be sent messages that are not in memory.
    pub(super) fn needs_older(&self, live: &RoomState, reader: Option<&UserId>) -> bool {
        reader.is_some_and(|reader| {
            live.needs_older(&live.missed(reader, clock::now(), |sid| self.last_heard(sid)))
        })
    }

    pub(super) fn remove_cell(&self, room_id: &RoomId, cell: &Arc<RoomCell>) {
        let mut cells = lock(&self.cells);
        if cells.get(room_id).is_some_and(|there| Arc::ptr_eq(there, cell)) {
            cells.remove(room_id);
        }
    }
}
