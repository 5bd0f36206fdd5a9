//! Applies committed entries to each `RoomState`, once and in order, and sends the packets of its outbox.

use std::sync::{Arc, Weak, atomic::Ordering};

use tokio::{
    sync::mpsc,
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::{
    Rooms,
    audience::{Next, Outgoing, Send},
    registry::{Phase, RoomCell},
    room::RoomState,
};
use crate::{
    broadcast::{ClientSocket, Encoded, Except, Target},
    chat::id::{RoomId, UserId},
    db::{
        self,
        room_log::{Appended, Effect, Entry},
    },
    log::{self, Outcome},
    sync::lock,
};

/// Applies committed entries in order and answers the requests. Runs until the log has ended.
pub(super) async fn run(rooms: Weak<Rooms>, mut outcomes: mpsc::Receiver<Vec<Outcome>>) {
    while let Some(batch) = outcomes.recv().await {
        let Some(rooms) = rooms.upgrade() else { return };
        rooms.is_busy.store(batch.len() > 1, Ordering::Relaxed);
        let mut batch = batch.into_iter().peekable();
        let mut count = 0;
        while let Some(outcome) = batch.next() {
            let sent = match &outcome.result {
                Ok(Appended::Entry(entry)) => rooms.committed(entry).await,
                _ => None,
            };
            let room_id = outcome.room_id.clone();
            outcome.answer(sent);
            count += 1;
            if batch.peek().is_some_and(|next| next.room_id == room_id) {
                continue;
            }
            // A run this long is flushed as one batch.
            if count >= log::RUN {
                rooms.flush_room(&room_id);
            }
            count = 0;
            // Between rooms, other tasks may run.
            if batch.peek().is_some() {
                yield_now().await;
            }
        }
    }
}

impl Rooms {
    /// Passes a committed entry to the room's `RoomState`, to the unread push for users who watch their list of rooms,
    /// to the search index, and to the cache for Node in Redis. Returns the event that the room was sent, if any.
    pub(super) async fn committed(&self, entry: &Entry) -> Option<Encoded> {
        let sent = self.apply(entry).await;
        self.activity.note(entry, self.deleted_by(entry));
        self.threads.note(entry);
        self.indexer.note(&entry.room_id);
        self.node_cache.note_entry(entry, sent.as_ref().map(|packet| &**packet.data()));
        sent
    }

    /// The entry of the message that an entry deletes, and its sender, if it is among the last ones.
    fn deleted_by(&self, entry: &Entry) -> Option<(i64, UserId)> {
        let Effect::Remove(id) = entry.body.effect() else { return None };
        self.on_live(&entry.room_id, |live| live.find_new(id))?
    }

    /// Passes on the entry of a change by another program, as [`Self::committed`] does. Node may have added its message
    /// to its list in Redis itself, so that list is rewritten.
    pub(super) async fn committed_externally(&self, entry: &Entry) {
        self.apply(entry).await;
        self.activity.note_external(entry);
        self.threads.note(entry);
        self.indexer.note(&entry.room_id);
        // Node's list has no reactions.
        if !matches!(entry.body.effect(), Effect::Change(..) | Effect::None) {
            self.node_cache.note_stale(&entry.room_id);
        }
    }

    /// Applies a committed entry to its `RoomState` and sends it to everybody in the room on this node. An entry that
    /// was applied before is ignored. If there is a gap before it, the missing entries are read from the log and sent
    /// first. The writer's entries come in commit order.
    async fn apply(&self, entry: &Entry) -> Option<Encoded> {
        let cell = lock(&self.cells).get(&entry.room_id).cloned()?;
        let (gap_after, is_doubtful) = match &mut *lock(&cell.phase) {
            Phase::Loading(missed) => {
                missed.push(entry.clone());
                return None;
            }
            Phase::Live(live) => (live.gap_before(entry), live.is_doubtful(entry)),
            Phase::Closed => return None,
        };
        if is_doubtful {
            self.verify(&entry.room_id, &cell).await.unwrap_or_else(|error| error.log());
            return None;
        }
        if let Some(after) = gap_after {
            match db::room_log::list_between(&self.db, &entry.room_id, after, entry.seq).await {
                Ok(missing) => missing.iter().for_each(|entry| {
                    self.apply_next(&cell, entry);
                }),
                // The entry is not sent out of order: the next one tries again to fill the gap.
                Err(error) => {
                    tracing::warn!(room = %entry.room_id, after, until = entry.seq, %error, "a gap could not be filled");
                    return None;
                }
            }
        }
        self.apply_next(&cell, entry)
    }

    pub(super) fn apply_next(&self, cell: &Arc<RoomCell>, entry: &Entry) -> Option<Encoded> {
        let mut state = lock(&cell.phase);
        let Phase::Live(live) = &mut *state else { return None };
        if !live.apply(entry) {
            return None;
        }
        let (event, view) = entry.event()?;
        let (mut packet, now) = (Encoded::new(event, &view)?, Instant::now());
        if let Some(excerpt) = view.excerpt() {
            packet = packet.with_excerpt(&excerpt);
        }
        let outgoing = match entry.body.effect() {
            Effect::Insert(message) => live.audience.push_message(&message.sender_id, packet.clone(), now),
            // Edits, deletions and reactions are few, so they are not batched.
            _ => live.audience.push_entry(packet.clone()),
        };
        self.carry_out(&entry.room_id, cell, outgoing);
        Some(packet)
    }

    /// Sends ephemeral state of a user to the sockets in a room but the one that it came by; above a rate it is coalesced into
    /// batches. Each socket gets a packet once, in order, and before later log entries, joins and leaves.
    pub fn push_ephemeral(&self, from: Option<&ClientSocket>, room_id: &RoomId, packet: Option<Encoded>) {
        let from = from.map(ClientSocket::id);
        self.push(room_id, packet, |live, packet, now| live.audience.push_ephemeral(from, packet, now));
    }

    /// Sends everybody in a room an event that is not in the log, after all earlier packets.
    pub fn push_notice(&self, room_id: &RoomId, packet: Option<Encoded>) {
        self.push(room_id, packet, |live, packet, _| live.audience.push_entry(packet));
    }

    fn push(
        &self,
        room_id: &RoomId,
        packet: Option<Encoded>,
        push: impl FnOnce(&mut RoomState, Encoded, Instant) -> Outgoing,
    ) {
        // A room that is not loaded has nobody in it.
        let (Some(packet), Some(cell)) = (packet, lock(&self.cells).get(room_id).cloned()) else { return };
        let mut state = lock(&cell.phase);
        let Phase::Live(live) = &mut *state else { return };
        let outgoing = push(live, packet, Instant::now());
        self.carry_out(room_id, &cell, outgoing);
    }

    /// Sends the packets that are due, and schedules the next flush. The caller holds the room's lock.
    pub(super) fn carry_out(&self, room_id: &RoomId, cell: &Arc<RoomCell>, outgoing: Outgoing) {
        self.send_all(room_id, outgoing.sends);
        let this = Weak::clone(&self.this);
        match outgoing.next {
            Next::Nothing => {}
            Next::Timer(time) => {
                tokio::spawn(run_timer(this, Arc::clone(cell), room_id.clone(), time));
            }
            Next::AfterAck => {
                tokio::spawn(flush_after_ack(this, room_id.clone()));
            }
        }
    }

    fn send_all(&self, room_id: &RoomId, sends: Vec<Send>) {
        for send in sends {
            match send {
                Send::ToSockets(sids, packet) => {
                    let sockets = self.broadcast.sockets(&sids);
                    self.broadcast.send(Target::Sockets(&sockets), Except::NOBODY, &packet);
                }
                Send::ToRoom(delivery) => {
                    let (users, socket) = (&delivery.except_users, delivery.except_socket);
                    let except = Except { users, socket, room: None };
                    self.broadcast.send(Target::Room(room_id), except, &delivery.packet);
                }
            }
        }
    }

    /// Flushes the room's outbox.
    pub(super) fn flush_room(&self, room_id: &RoomId) {
        let cell = lock(&self.cells).get(room_id).cloned();
        if let Some(cell) = cell
            && let Phase::Live(live) = &mut *lock(&cell.phase)
        {
            self.send_all(room_id, live.audience.flush().sends);
        }
    }

    /// Flushes the outbox of every room, because the server is shutting down.
    pub fn flush_rooms(&self) {
        let room_ids: Vec<RoomId> = lock(&self.cells).keys().cloned().collect();
        room_ids.iter().for_each(|room_id| self.flush_room(room_id));
    }
}

/// Flushes the outbox after all tasks that are ready now, such as the one that sends the author's ack.
async fn flush_after_ack(rooms: Weak<Rooms>, room_id: RoomId) {
    yield_now().await;
    if let Some(rooms) = rooms.upgrade() {
        // Yields the CPU, so that the process that reads the ack can run on a single-core host. A busy server skips
        // this: it would lose its time slice.
        if !rooms.is_busy.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        rooms.flush_room(&room_id);
    }
}

/// Runs a room's flush timer.
async fn run_timer(rooms: Weak<Rooms>, cell: Arc<RoomCell>, room_id: RoomId, mut time: Instant) {
    loop {
        sleep_until(time).await;
        let Some(rooms) = rooms.upgrade() else { return };
        let Phase::Live(live) = &mut *lock(&cell.phase) else { return };
        let outgoing = live.audience.wake(time, Instant::now());
        rooms.send_all(&room_id, outgoing.sends);
        match outgoing.next {
            Next::Timer(next) => time = next,
            Next::Nothing | Next::AfterAck => return,
        }
    }
}
