//! The state of a loaded room: its newest messages and its audience. No I/O: the caller locks it and sends the packets.

mod backfill;
mod compared;
mod names;
mod page;
mod reads;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tokio::time::Instant;

use self::backfill::Backfill;
pub(super) use self::compared::{Compared, Freshness};
pub(super) use self::reads::ReadPosition;
use super::{
    absence::Absence,
    audience::Audience,
    histories::Histories,
    history::{ENTRY_SIZE, History, size_of_entry},
    memory::{Memory, Share},
};
use crate::{
    chat::{
        id::{MessageId, RoomId, UserId},
        limits::DEFAULT_PAGE,
        timestamp::Timestamp,
    },
    config::LiveSettings,
    db::{
        fingerprints::Fingerprints,
        room_log::{Digest, Effect, Entry, Tail},
    },
    protocol::MessageView,
};

/// The most entries kept for catch-up, and the memory that they may take, in bytes.
const MAX_RECENT: usize = 512;
const MAX_RECENT_BYTES: usize = 4 << 20;
/// The log entries loaded with a room that are remembered, to recognise them when they come again.
const REMEMBERED_ENTRIES: usize = 32;

pub(super) struct RoomState {
    /// The last entry applied.
    seq: i64,
    messages: History,
    /// The minimum of messages kept. Trimming starts at twice as many.
    min_kept: usize,
    /// The room has no older messages than these.
    complete: bool,
    backfill: Option<Backfill>,
    /// Encoded `room:history` packets, valid until the next entry.
    histories: Histories,
    /// The message of the last entry, where it is known: an empty id if that is about no message.
    last: Option<MessageId>,
    /// The last entries that the room was loaded with, newest first: their numbers and messages.
    loaded: Vec<(i64, MessageId)>,
    /// The log has all that happened from this entry on.
    complete_from: i64,
    pub(super) compared: Compared,
    /// The database has a digest of the room as of this entry.
    pub(super) digested: Option<i64>,
    /// The last entries applied, without a gap, oldest first.
    recent: VecDeque<Entry>,
    recent_bytes: usize,
    /// The last entry that each user has read, as far as the room's sockets were told.
    readers: HashMap<UserId, i64>,
    /// The last entry that has reached a device of each user, likewise.
    delivered: HashMap<UserId, i64>,
    pub(super) audience: Audience,
    pub(super) absence: Absence,
    /// The room's share of the memory of all rooms.
    share: Share,
    /// Since when the room has been empty.
    pub(super) idle_since: Option<Instant>,
    settings: Arc<LiveSettings>,
}

impl RoomState {
    pub(super) fn new(
        room_id: RoomId,
        tail: Tail,
        read: Vec<(UserId, Timestamp)>,
        settings: Arc<LiveSettings>,
        memory: Arc<Memory>,
    ) -> Self {
        let now = Instant::now();
        let loaded = tail.log.iter().take(REMEMBERED_ENTRIES);
        let loaded: Vec<(i64, MessageId)> =
            loaded.map(|entry| (entry.seq, entry.message_id.as_str().into())).collect();
        let mut room = Self {
            seq: tail.seq,
            messages: tail.messages.into_iter().collect(),
            min_kept: settings.messages,
            complete: tail.complete,
            backfill: None,
            histories: Histories::default(),
            last: loaded.first().filter(|(seq, _)| *seq == tail.seq).map(|(_, id)| id.clone()),
            loaded,
            complete_from: tail.complete_from,
            compared: Compared::by_loading(now),
            digested: None,
            recent: VecDeque::new(),
            recent_bytes: 0,
            readers: HashMap::new(),
            delivered: HashMap::new(),
            audience: Audience::new(room_id, &settings, now),
            absence: Absence::new(settings.liveness_window, read),
            share: Share::new(memory),
            idle_since: None,
            settings,
        };
        if room.is_large() && room.messages.len() > DEFAULT_PAGE {
            room.messages.truncate(DEFAULT_PAGE);
            room.complete = false;
        }
        room.update_memory_share();
        room
    }

    /// Updates the memory that the room counts for.
    fn update_memory_share(&mut self) {
        self.share.set(self.messages.bytes() + self.recent_bytes + self.histories.bytes());
    }

    /// True if the messages exceed their memory limit.
    fn is_large(&self) -> bool {
        self.messages.bytes() > self.share.messages_limit()
    }

    /// Drops what can be loaded or encoded again, if it is large.
    pub(super) fn shed(&mut self) {
        self.histories.shed();
        self.trim();
        self.update_memory_share();
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    /// The number of messages in memory.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The estimated memory of the room, in bytes.
    pub(super) fn size(&self) -> usize {
        let recent = self.recent.iter().map(|entry| match entry.body.effect().message() {
            // Its message is shared with the history and counted there.
            Some(message) if Arc::strong_count(message) > 1 => ENTRY_SIZE,
            _ => size_of_entry(entry),
        });
        self.messages.bytes() + self.histories.bytes() + recent.sum::<usize>()
    }

    /// The message of the last entry, where it is known.
    pub(super) fn last(&self) -> Option<&MessageId> {
        self.last.as_ref()
    }

    /// The log has all that happened from this entry on.
    pub(super) fn complete_from(&self) -> i64 {
        self.complete_from
    }

    /// Records that another program wrote before this entry.
    pub(super) fn note_complete_from(&mut self, seq: i64) {
        self.complete_from = self.complete_from.max(seq);
    }

    /// The digest of the newest messages, as many as are loaded with a room.
    pub(super) fn digest(&self) -> Digest {
        let count = self.len().min(self.settings.messages);
        Digest::of(self.seq, self.messages().take(count), self.complete && count == self.len())
    }

    /// The size of the messages in memory, in bytes.
    pub(super) fn message_bytes(&self) -> usize {
        self.messages.bytes()
    }

    /// Newest first.
    pub(super) fn messages(&self) -> impl Iterator<Item = &MessageView> {
        self.messages.iter()
    }

    /// The room has no older messages than these.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The messages of the entries after `after`, as far as these are in memory.
    pub(super) fn touched_after(&self, after: i64) -> impl Iterator<Item = &MessageId> {
        self.recent.iter().filter(move |entry| entry.seq > after).filter_map(|entry| entry.body.message_id())
    }

    /// The last entry before the gap, if there is a gap between it and `entry`.
    pub(super) fn gap_before(&self, entry: &Entry) -> Option<i64> {
        (entry.seq > self.seq + 1).then_some(self.seq)
    }

    /// True if a newly committed entry does not continue this log and is not known to have been applied before: the
    /// database's log may have been replaced.
    pub(super) fn is_doubtful(&self, entry: &Entry) -> bool {
        if entry.seq > self.seq {
            return false;
        }
        let Some(message_id) = entry.body.logged_message_id() else { return false };
        let recent = self.recent.iter().find(|recent| recent.seq == entry.seq);
        let applied = recent.and_then(|recent| recent.body.logged_message_id());
        let loaded = || self.loaded.iter().find(|(seq, _)| *seq == entry.seq).map(|(_, id)| id.clone());
        applied.or_else(loaded) != Some(message_id)
    }

    /// True if the database still has the last entry applied here.
    pub(super) fn continues_in(
        &self,
        (before, last): (i64, Option<&MessageId>),
        found: &Fingerprints,
    ) -> bool {
        // Retention may have deleted the entry: then it is not there, but later ones are.
        found.seq >= before && (last.is_none() || found.last.is_none() || last == found.last.as_ref())
    }

    /// Resets the room to the state of the database. The users in it stay.
    pub(super) fn reset(&mut self, room_id: &RoomId, tail: Tail, complete_from: i64) {
        let memory = Arc::clone(self.share.memory());
        let mut fresh = Self::new(room_id.clone(), tail, Vec::new(), Arc::clone(&self.settings), memory);
        std::mem::swap(&mut fresh.audience, &mut self.audience);
        std::mem::swap(&mut fresh.absence, &mut self.absence);
        (fresh.min_kept, fresh.idle_since, fresh.complete_from) =
            (self.min_kept, self.idle_since, complete_from);
        *self = fresh;
    }

    /// Applies an entry; false if it was applied before.
    pub(super) fn apply(&mut self, entry: &Entry) -> bool {
        if entry.seq <= self.seq {
            return false;
        }
        self.seq = entry.seq;
        self.last = entry.body.logged_message_id();
        self.histories.clear();
        self.note_recent(entry);
        if let Some(backfill) = &mut self.backfill {
            backfill.applied.push(entry.clone());
        }
        self.apply_to_messages(entry);
        self.trim();
        self.update_memory_share();
        true
    }

    fn note_recent(&mut self, entry: &Entry) {
        self.recent.push_back(entry.clone());
        self.recent_bytes += size_of_entry(entry);
        while self.recent.len() > MAX_RECENT || self.recent_bytes > MAX_RECENT_BYTES {
            let Some(first) = self.recent.pop_front() else { return };
            self.recent_bytes -= size_of_entry(&first);
        }
    }

    /// Applies an entry to the messages. This is idempotent.
    fn apply_to_messages(&mut self, entry: &Entry) {
        match entry.body.effect() {
            Effect::None => {}
            Effect::Insert(message) => self.messages.insert(message, Instant::now()),
            Effect::Replace(message) => {
                self.messages.change(&message.id, |there| *there = Arc::clone(message));
            }
            Effect::Remove(id) => self.messages.remove(id),
            Effect::Change(id, change) => self.messages.change(id, change),
        }
        if let Some(root) = &entry.root {
            let summary = root.thread_summary.clone().map(Box::new);
            self.messages.change(&root.id, |there| Arc::make_mut(there).thread_summary = summary);
        }
    }

    /// Drops the oldest messages when there are many, or when they are large. Up to a limit, messages within the
    /// liveness window are kept: a user may not have received them.
    fn trim(&mut self) {
        let is_over_limit = self.is_large();
        if !is_over_limit && self.messages.len() <= 2 * self.min_kept {
            return;
        }
        let newest = self.messages.newest_at().map_or(0, Timestamp::millis);
        let liveness_window = i64::try_from(self.settings.liveness_window.as_millis()).unwrap_or(0);
        let unconfirmed_since = Timestamp::from_millis(newest - liveness_window);
        let unconfirmed = self.messages.count_since(unconfirmed_since).min(self.settings.history);
        if !is_over_limit && self.messages.len() <= 2 * unconfirmed {
            return;
        }
        let keep = unconfirmed.max(if is_over_limit { DEFAULT_PAGE } else { self.min_kept });
        if keep < self.messages.len() {
            self.messages.truncate(keep);
            self.complete = false;
        }
    }

    /// The entry of a new message in the room, and its sender, if it is among the last entries.
    pub(super) fn find_new(&self, id: &MessageId) -> Option<(i64, UserId)> {
        self.recent.iter().find_map(|entry| match entry.body.effect() {
            Effect::Insert(message) if message.id == *id && !message.is_only_in_thread() => {
                Some((entry.seq, message.sender_id.clone()))
            }
            _ => None,
        })
    }

    /// The entries after `after`, if all of them are in memory.
    pub(super) fn entries_since(&self, after: i64, limit: usize) -> Option<Vec<Entry>> {
        let before_first = self.recent.front().map_or(self.seq, |first| first.seq - 1);
        let skip = usize::try_from(after.checked_sub(before_first)?).ok()?;
        Some(self.recent.iter().skip(skip).take(limit).cloned().collect())
    }
}

#[cfg(test)]
mod tests;
