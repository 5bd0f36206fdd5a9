//! Loads a room into memory on this node, and backfills older messages.

use std::sync::Arc;

use super::{
    Rooms,
    registry::{Phase, RoomCell},
    room::RoomState,
    unlogged::unlogged,
};
use crate::{
    chat::{
        Result,
        id::{RoomId, UserId},
        message::Place,
    },
    clock, db,
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
    /// `reader` has to be sent. `compares`: the room also has to include what another program has written.
    pub(super) async fn live_cell(
        &self,
        room_id: &RoomId,
        reader: Option<&UserId>,
        mut compares: bool,
    ) -> Result<Arc<RoomCell>> {
        loop {
            let is_due = |live: &RoomState| compares && live.is_comparison_due();
            let cell = lock(&self.cells).entry(room_id.clone()).or_default().clone();
            if matches!(&*lock(&cell.phase), Phase::Live(live) if !self.needs_older(live, reader) && !is_due(live))
            {
                return Ok(cell);
            }
            let _turn = self.db.within_timeout(async { Ok(cell.loading.lock().await) }).await?;
            let need = match &mut *lock(&cell.phase) {
                Phase::Live(live) if is_due(live) => Need::Comparison,
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
                    compares = false;
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
        let limit = self.settings.messages;
        let mut tail = db::room_log::load_tail_with_readers(&self.db, room_id, limit, MAX_READ_MARKS).await?;
        // A user who enters a room soon writes in it: the known head allows the fast path.
        if let Some(at) = tail.at {
            self.log.note_head(room_id, tail.seq, at);
        }
        let is_compared = self.settings.compare_interval.is_some();
        let changes =
            if is_compared { unlogged(&tail, self.db.facts().changes_messages()) } else { Vec::new() };
        let unlogged = (tail.seq, changes);
        let read = std::mem::take(&mut tail.read);
        let (loaded, mut has_gap) = (tail.seq, false);
        {
            let (settings, memory) = (Arc::clone(&self.settings), Arc::clone(&self.memory));
            let mut state = lock(&cell.phase);
            let Phase::Loading(missed) = &mut *state else { return Ok(()) };
            let mut live = Box::new(RoomState::new(room_id.clone(), tail, read, settings, memory));
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
        if let Err(error) = self.log_unlogged(room_id, unlogged).await {
            // The next load of the room finds these changes again.
            error.log();
        }
        Ok(())
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
