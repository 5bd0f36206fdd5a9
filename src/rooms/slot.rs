//! The place of a room on this node, and how a room comes to be live there.

use std::sync::{Arc, Mutex};

use super::{Rooms, live::LiveRoom, unlogged::unlogged};
use crate::{
    chat::{
        id::{RoomId, UserId},
        message::Place,
    },
    clock,
    db::{self, room_log::Entry},
    error::Result,
    sync::lock,
};

/// Readers of a room of whom it is known, when it is loaded, what they have missed.
const READERS: i64 = 10_000;

#[derive(Default)]
pub(super) struct Slot {
    pub(super) state: Mutex<State>,
    /// Held while the room is loaded, so that it is loaded once.
    pub(super) loading: tokio::sync::Mutex<()>,
    /// It is in the queue of those that nobody is in, and counts there for so many bytes.
    pub(super) queued: Mutex<Option<usize>>,
}

pub(super) enum State {
    /// Being loaded; what is committed meanwhile waits here.
    Loading(Vec<Entry>),
    Live(Box<LiveRoom>),
    /// Taken out of the map: look there again.
    Closed,
}

impl Default for State {
    fn default() -> Self {
        State::Loading(Vec::new())
    }
}

/// What a slot needs before somebody can enter.
enum Need {
    Nothing,
    Load,
    /// To be compared with the database.
    Comparison,
    /// Older messages, from below a place, so many.
    Older(Place, usize),
    AnotherSlot,
}

impl Rooms {
    /// The slot of a room that was live a moment ago, loaded if need be, with all that `reader` is to be shown; `compares`: what
    /// another program has written is to be there too.
    pub(super) async fn live_slot(
        &self,
        room_id: &RoomId,
        reader: Option<&UserId>,
        mut compares: bool,
    ) -> Result<Arc<Slot>> {
        loop {
            let is_due = |live: &LiveRoom| compares && live.is_to_be_compared();
            let slot = lock(&self.slots).entry(room_id.clone()).or_default().clone();
            if matches!(&*lock(&slot.state), State::Live(live) if !self.wants_more(live, reader) && !is_due(live))
            {
                return Ok(slot);
            }
            let _turn = self.db.within_timeout(async { Ok(slot.loading.lock().await) }).await?;
            let need = match &mut *lock(&slot.state) {
                State::Live(live) if is_due(live) => Need::Comparison,
                State::Live(live) if self.wants_more(live, reader) => {
                    let (place, count) = live.begin_refill();
                    Need::Older(place, count)
                }
                State::Live(_) => Need::Nothing,
                State::Loading(_) => Need::Load,
                State::Closed => Need::AnotherSlot,
            };
            match need {
                Need::Nothing => return Ok(slot.clone()),
                Need::Comparison => {
                    self.compare(room_id, &slot).await;
                    compares = false;
                }
                Need::AnotherSlot => self.remove_slot(room_id, &slot),
                Need::Load => {
                    if let Err(error) = self.load(room_id, &slot).await {
                        *lock(&slot.state) = State::Closed;
                        self.remove_slot(room_id, &slot);
                        return Err(error);
                    }
                }
                Need::Older(place, count) => {
                    let older = db::messages::list_older(&self.db, room_id, &place, count).await;
                    if let State::Live(live) = &mut *lock(&slot.state) {
                        match older {
                            Ok(older) => live.finish_refill(older.messages),
                            Err(error) => {
                                live.abandon_refill();
                                self.idle_if_empty(room_id, &slot, live);
                                return Err(error);
                            }
                        }
                    }
                }
            }
        }
    }

    async fn load(&self, room_id: &RoomId, slot: &Arc<Slot>) -> Result<()> {
        let limit = self.settings.messages;
        let mut tail = db::room_log::load_tail_with_readers(&self.db, room_id, limit, READERS).await?;
        // Who enters a room soon writes in it.
        if let Some(at) = tail.at {
            self.log.note_head(room_id, tail.seq, at);
        }
        let unlogged = (tail.seq, unlogged(&tail, self.db.facts().changes_messages()));
        let read = std::mem::take(&mut tail.read);
        let (loaded, mut has_hole) = (tail.seq, false);
        {
            let (settings, memory) = (Arc::clone(&self.settings), Arc::clone(&self.memory));
            let mut state = lock(&slot.state);
            let State::Loading(missed) = &mut *state else { return Ok(()) };
            let mut live = Box::new(LiveRoom::new(room_id.clone(), tail, read, settings, memory));
            // They come from the writer, and from who compares.
            missed.sort_by_key(|entry| entry.seq);
            for entry in missed.drain(..) {
                has_hole |= live.hole_before(&entry).is_some();
                if !has_hole {
                    live.apply(&entry);
                }
            }
            *state = State::Live(live);
            self.node_cache.import_reads(room_id);
        }
        if has_hole {
            self.catch_up(room_id, slot, loaded).await?;
        }
        if let Err(error) = self.note_unlogged(room_id, unlogged).await {
            // Found once more when the room is loaded the next time.
            error.log();
        }
        Ok(())
    }

    /// The room has more that the reader is to be shown than is here.
    pub(super) fn wants_more(&self, live: &LiveRoom, reader: Option<&UserId>) -> bool {
        reader.is_some_and(|reader| {
            live.wants_more(&live.missed(reader, clock::now(), |sid| self.last_heard(sid)))
        })
    }

    pub(super) fn remove_slot(&self, room_id: &RoomId, slot: &Arc<Slot>) {
        let mut slots = lock(&self.slots);
        if slots.get(room_id).is_some_and(|there| Arc::ptr_eq(there, slot)) {
            slots.remove(room_id);
        }
    }
}
