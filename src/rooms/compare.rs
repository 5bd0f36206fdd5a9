//! Detects changes that another program (Node, an administrator's tool, SQL) has made in the database. They become
//! entries of the room's log and are sent. If the database has lost committed entries, the room is reset to what is
//! left.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{
    Rooms,
    absence::Missed,
    registry::{Phase, RoomCell},
    room::{Freshness, RoomState},
};
use crate::{
    broadcast::{Except, Target},
    chat::{
        Result,
        id::{MessageId, RoomId},
        message::Place,
    },
    clock,
    db::{
        self,
        fingerprints::{self, Fingerprints},
        room_log::{
            EntryBody, MessageAdded, MessageDeleted, MessageEdited, ReactionAdded, ReactionRemoved, Tail,
            append_foreign, list_between, load_tail, note_incomplete,
        },
    },
    protocol::{MessageView, ReactionView},
    sync::lock,
};

/// The messages of a room that a comparison has compared.
enum Extent {
    /// All that are in memory.
    All,
    /// The room was too far behind its log.
    Nothing,
}

impl Rooms {
    /// Compares a room with the database if it is in memory, and if it is time. A page that is read afterwards has nothing
    /// that the users in the room have not been told.
    pub async fn compare_if_due(&self, room_id: &RoomId) {
        let Some(cell) = lock(&self.cells).get(room_id).cloned() else { return };
        let is_due = || matches!(&*lock(&cell.phase), Phase::Live(live) if live.is_comparison_due(Freshness::Interval));
        if !is_due() {
            return;
        }
        let turn = self.db.within_timeout(async { Ok(cell.loading.lock().await) }).await;
        if turn.is_ok() && is_due() {
            self.compare(room_id, &cell).await;
        }
    }

    /// Compares a loaded room with the database, in one query if nothing differs. The caller holds the cell's `loading`
    /// lock.
    pub(super) async fn compare(&self, room_id: &RoomId, cell: &Arc<RoomCell>) {
        // A server in which nobody writes learns here that the database is watched.
        db::facts::look_again(&self.db, clock::now());
        if let Phase::Live(live) = &mut *lock(&cell.phase) {
            live.compared.begin();
        }
        let mut compared = self.try_to_compare(room_id, cell).await;
        if matches!(compared, Ok(Extent::Nothing)) {
            // The room has caught up with its log meanwhile.
            compared = self.try_to_compare(room_id, cell).await;
        }
        if let Err(error) = &compared {
            // Entering still works: users are sent the room as it is in memory.
            tracing::warn!(room = %room_id, cause = error.cause(), "a room could not be compared with the database");
        }
        if let Phase::Live(live) = &mut *lock(&cell.phase) {
            live.compared.end(matches!(compared, Ok(Extent::All)));
        }
    }

    async fn try_to_compare(&self, room_id: &RoomId, cell: &Arc<RoomCell>) -> Result<Extent> {
        let (query, last, bytes) = match &mut *lock(&cell.phase) {
            Phase::Live(live) => (live.comparison(room_id), live.last().cloned(), live.message_bytes()),
            _ => return Ok(Extent::All),
        };
        let (before, count) = (query.after, query.limit);
        let found = self.comparisons.read(&self.db, query, bytes).await?;
        found.missing.iter().for_each(|user_id| self.disconnect_deleted(user_id));
        let (continues, is_same) = match &mut *lock(&cell.phase) {
            Phase::Live(live) => {
                // Another node may have found changes of other programs.
                live.note_complete_from(found.complete_from);
                (live.continues_in((before, last.as_ref()), &found), is_same(live, &found, count))
            }
            _ => return Ok(Extent::All),
        };
        if !continues {
            return self.reset_room(room_id, cell).await.map(|()| Extent::All);
        }
        let (head, mut extent) = (found.seq, Extent::All);
        if !is_same {
            let _permit = self.db.within_timeout(async { Ok(self.differing.acquire().await) }).await?;
            let found = load_tail(&self.db, room_id, count).await?;
            let changes = match &mut *lock(&cell.phase) {
                Phase::Live(live) => {
                    live.note_complete_from(found.complete_from);
                    live.rename(&found.messages);
                    differences(live, before, &found)
                }
                _ => return Ok(Extent::All),
            };
            match changes {
                Some(changes) => self.log_foreign_changes(room_id, found.seq, changes).await?,
                None => extent = Extent::Nothing,
            }
        }
        // The log may be ahead: another node has committed more, or a commit was wrongly reported as failed.
        let behind = match &*lock(&cell.phase) {
            Phase::Live(live) if live.seq() < head => live.seq(),
            _ => return Ok(extent),
        };
        self.catch_up(room_id, cell, behind).await.map(|()| extent)
    }

    /// Logs another program's changes, which were found as of the entry `seq`. The caller holds the cell's `loading` lock.
    pub(super) async fn log_foreign_changes(
        &self,
        room_id: &RoomId,
        seq: i64,
        changes: Vec<EntryBody>,
    ) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let entries = append_foreign(&self.db, room_id, seq, changes, clock::now()).await?;
        let Some(last) = entries.last().map(|entry| entry.seq) else { return Ok(()) };
        self.others.note_found();
        tracing::info!(room = %room_id, changes = entries.len(), "another program has changed a room's messages");
        // Before they are sent: who hears of one and catches up from before it is told that the log is not complete.
        let cell = lock(&self.cells).get(room_id).cloned();
        if let Some(cell) = cell
            && let Phase::Live(live) = &mut *lock(&cell.phase)
        {
            live.note_complete_from(last);
        }
        for entry in &entries {
            self.committed_externally(entry).await;
        }
        Ok(())
    }

    /// Handles a committed entry whose number is taken here. Either it was applied before, or the database's log has
    /// been replaced.
    pub(super) async fn verify(&self, room_id: &RoomId, cell: &Arc<RoomCell>) -> Result<()> {
        // A task that is loading or comparing the room finds out as well.
        let Ok(_turn) = cell.loading.try_lock() else { return Ok(()) };
        let (before, last) = match &*lock(&cell.phase) {
            Phase::Live(live) => (live.seq(), live.last().cloned()),
            _ => return Ok(()),
        };
        let found = fingerprints::read(&self.db, room_id, 0, before).await?;
        let continues = match &*lock(&cell.phase) {
            Phase::Live(live) => live.continues_in((before, last.as_ref()), &found),
            _ => true,
        };
        if continues { Ok(()) } else { self.reset_room(room_id, cell).await }
    }

    /// Resets the room after the database has lost entries that were committed and sent: by a crash without its WAL on
    /// disk, or by a failover to a replica that lagged. The sockets in the room are sent the remaining history.
    async fn reset_room(&self, room_id: &RoomId, cell: &Arc<RoomCell>) -> Result<()> {
        let lost = match &*lock(&cell.phase) {
            Phase::Live(live) => live.seq(),
            _ => return Ok(()),
        };
        let tail = load_tail(&self.db, room_id, self.settings.messages).await?;
        let (found, complete_from) = (tail.seq, tail.complete_from.max(lost + 1));
        tracing::error!(
            room = %room_id, expected = lost, found,
            "the database has lost committed entries of a room's log: the room's sockets are sent the history again"
        );
        note_incomplete(&self.db, room_id, complete_from, clock::now()).await?;
        self.activity.note_doubt(room_id);
        if let Phase::Live(live) = &mut *lock(&cell.phase) {
            let outgoing = live.audience.flush();
            self.carry_out(room_id, cell, outgoing);
            live.reset(room_id, tail, complete_from);
            let sids: Vec<_> = live.audience.presence.list_sockets().collect();
            for socket in self.broadcast.sockets(&sids) {
                if let Some(history) = live.history(room_id, &Missed::default(), socket.bodies()) {
                    self.broadcast.send(Target::Socket(&socket), Except::NOBODY, &history.packet);
                }
            }
        }
        // Entries that were committed meanwhile have not been applied.
        self.catch_up(room_id, cell, found).await
    }

    /// Applies all entries of the log after `after`.
    pub(super) async fn catch_up(&self, room_id: &RoomId, cell: &Arc<RoomCell>, after: i64) -> Result<()> {
        for entry in list_between(&self.db, room_id, after, i64::MAX).await? {
            self.apply_next(cell, &entry);
        }
        Ok(())
    }
}

/// The oldest place down to which a list, newest first, has all messages; none if it has the whole room.
fn oldest_known(oldest: Option<Place>, is_complete: bool) -> Option<Place> {
    if is_complete { None } else { oldest }
}

fn is_within(place: &Place, bounds: &[Option<Place>]) -> bool {
    bounds.iter().flatten().all(|bound| (place.at, &place.id) >= (bound.at, &bound.id))
}

/// True if nothing was changed outside the log, including the names of senders.
fn is_same(live: &RoomState, found: &Fingerprints, count: usize) -> bool {
    let touched: HashSet<&MessageId> = found.touched.iter().chain(live.touched_after(found.seq)).collect();
    let is_all = found.messages.len() < count;
    let bounds = [
        oldest_known(live.messages().last().map(MessageView::place), live.is_complete()),
        oldest_known(found.messages.last().map(|found| found.place.clone()), is_all),
    ];
    let mut here: HashMap<&MessageId, &MessageView> = live
        .messages()
        .filter(|message| is_within(&message.place(), &bounds) && !touched.contains(&message.id))
        .map(|message| (&message.id, message))
        .collect();
    let mut there = found.messages.iter().filter(|found| !touched.contains(&found.place.id));
    there.all(|found| {
        !is_within(&found.place, &bounds)
            || here.remove(&found.place.id).is_some_and(|message| found.is_of(message))
    }) && here.is_empty()
}

/// The changes that were made outside the log, in the order in which they are to be sent. Messages that entries after
/// `before` are about are left out. None: the part of the log that was read does not reach back to `before`.
fn differences(live: &RoomState, before: i64, found: &Tail) -> Option<Vec<EntryBody>> {
    if found.log.last().is_some_and(|oldest| oldest.seq > before + 1) {
        return None;
    }
    let mut touched: HashSet<MessageId> = live.touched_after(found.seq).cloned().collect();
    touched.extend(
        found.log.iter().filter(|entry| entry.seq > before).map(|entry| entry.message_id.as_str().into()),
    );
    let bounds = [
        oldest_known(live.messages().last().map(MessageView::place), live.is_complete()),
        oldest_known(found.messages.last().map(MessageView::place), found.complete),
    ];
    let is_compared =
        |message: &&MessageView| is_within(&message.place(), &bounds) && !touched.contains(&message.id);
    let mut here: BTreeMap<&str, &MessageView> =
        live.messages().filter(is_compared).map(|message| (message.id.as_str(), message)).collect();
    let mut changes = Vec::new();
    for message in found.messages.iter().rev().filter(is_compared) {
        match here.remove(message.id.as_str()) {
            None => changes.push(EntryBody::New(MessageAdded(Arc::new(message.clone())))),
            Some(known) => changes.extend(change_of(known, message)),
        }
    }
    changes.extend(here.into_values().map(|gone| EntryBody::Deleted(MessageDeleted(gone.id.clone()))));
    Some(changes)
}

/// The entries that turn the message in memory into the one in the database.
fn change_of(here: &MessageView, found: &MessageView) -> Vec<EntryBody> {
    let is_same = here.content == found.content
        && here.kind == found.kind
        && fingerprints::is_same_json(&here.metadata, &found.metadata)
        && here.reply_to == found.reply_to
        && here.updated_at == found.updated_at;
    if !is_same {
        return vec![EntryBody::Updated(MessageEdited(Arc::new(found.clone())))];
    }
    let message_id = &found.id;
    let missing = |from: &[ReactionView], of: &[ReactionView]| -> Vec<ReactionView> {
        of.iter().filter(|reaction| !from.contains(reaction)).cloned().collect()
    };
    let removed = missing(&found.reactions, &here.reactions).into_iter();
    let added = missing(&here.reactions, &found.reactions).into_iter();
    let removed = removed.map(|reaction| {
        EntryBody::ReactionRemoved(ReactionRemoved { message_id: message_id.clone(), reaction })
    });
    let added = added
        .map(|reaction| EntryBody::ReactionAdded(ReactionAdded { message_id: message_id.clone(), reaction }));
    removed.chain(added).collect()
}
