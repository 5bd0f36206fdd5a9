//! The state of a loaded room: its newest messages and its audience. No I/O: the caller locks it and sends the packets.

mod names;

use std::{collections::VecDeque, sync::Arc};

use tokio::time::Instant;

use super::{
    absence::{Absence, Missed},
    audience::Audience,
    histories::Histories,
    history::{ENTRY_SIZE, History, size_of_entry},
    memory::{LARGE, Memory, Share},
};
use crate::{
    broadcast::{Encoded, Sid},
    chat::{
        id::{MessageId, RoomId, UserId},
        limits::DEFAULT_PAGE,
        message::Place,
        timestamp::Timestamp,
    },
    config::LiveSettings,
    db::{
        fingerprints::Fingerprints,
        room_log::{Effect, Entry, Tail},
    },
    protocol::{MessageView, RoomHistoryView, event},
};

/// Histories longer than a page grow in steps of this many messages.
const STEP: usize = 50;
/// The most entries kept for catch-up, and the memory that they may take, in bytes.
const RECENT: usize = 512;
const RECENT_BYTES: usize = 4 << 20;
/// The log entries loaded with a room that are remembered, to recognise them when they come again.
const LOADED: usize = 32;

pub(super) struct RoomState {
    /// The last entry applied.
    seq: i64,
    messages: History,
    /// The minimum of messages kept. Trimming starts at twice as many.
    keep: usize,
    /// The room has no older messages than these.
    complete: bool,
    backfill: Option<Backfill>,
    /// Encoded `room:history` packets, valid until the next entry.
    histories: Histories,
    /// The message of the last entry, where it is known.
    last: Option<MessageId>,
    /// The last entries that the room was loaded with, newest first: their numbers and messages.
    loaded: Vec<(i64, MessageId)>,
    /// The log has all that happened from this entry on.
    complete_from: i64,
    /// When the room was last compared with the database.
    pub(super) compared_at: Instant,
    /// The last entries applied, without a gap, oldest first.
    recent: VecDeque<Entry>,
    recent_bytes: usize,
    pub(super) audience: Audience,
    pub(super) absence: Absence,
    /// The room's share of the memory of all rooms.
    share: Share,
    /// Since when the room has been empty.
    pub(super) idle_since: Option<Instant>,
    settings: Arc<LiveSettings>,
}

/// A backfill: older messages that are being loaded.
struct Backfill {
    count: usize,
    /// Entries applied meanwhile. The older messages may be from an earlier snapshot, so these are applied again.
    taken: Vec<Entry>,
}

/// An encoded history, and the place where it ends.
pub(super) struct HistoryPage {
    /// The event `room:history`.
    pub(super) packet: Encoded,
    /// The place of its oldest message.
    pub(super) end: Option<Place>,
    /// The next older message has, or may have, the same millisecond as the oldest one.
    pub(super) ends_in_tie: bool,
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
        let loaded = tail.log.iter().take(LOADED);
        let loaded: Vec<(i64, MessageId)> =
            loaded.map(|entry| (entry.seq, entry.message_id.as_str().into())).collect();
        let mut room = Self {
            seq: tail.seq,
            messages: tail.messages.into_iter().collect(),
            keep: settings.messages,
            complete: tail.complete,
            backfill: None,
            histories: Histories::default(),
            last: loaded.first().filter(|(seq, _)| *seq == tail.seq).map(|(_, id)| id.clone()),
            loaded,
            complete_from: tail.complete_from,
            compared_at: now,
            recent: VecDeque::new(),
            recent_bytes: 0,
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
        room.weigh();
        room
    }

    /// Updates the memory that the room counts for.
    fn weigh(&mut self) {
        self.share.set(self.messages.bytes() + self.recent_bytes + self.histories.bytes());
    }

    /// True if the messages exceed their memory limit.
    fn is_large(&self) -> bool {
        self.messages.bytes() > self.share.most_of_messages()
    }

    /// Drops what can be loaded or encoded again, if it is large.
    pub(super) fn shed(&mut self) {
        self.histories.shed();
        self.trim();
        self.weigh();
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

    /// True if the room is due for a comparison with the database.
    pub(super) fn is_to_be_compared(&self) -> bool {
        self.compared_at.elapsed() > self.settings.compared_for
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
        let Some(message_id) = entry.body.message_id() else { return false };
        let recent = self.recent.iter().find(|recent| recent.seq == entry.seq);
        let taken = recent.and_then(|recent| recent.body.message_id());
        let loaded = || self.loaded.iter().find(|(seq, _)| *seq == entry.seq).map(|(_, id)| id);
        taken.or_else(loaded) != Some(message_id)
    }

    /// True if the database still has the last entry applied here.
    pub(super) fn goes_on_in(&self, (before, last): (i64, Option<&MessageId>), found: &Fingerprints) -> bool {
        // Retention may have deleted the entry: then it is not there, but later ones are.
        found.seq >= before && (last.is_none() || found.last.is_none() || last == found.last.as_ref())
    }

    /// Resets the room to the state of the database. The users in it stay.
    pub(super) fn begin_anew(&mut self, room_id: &RoomId, tail: Tail, complete_from: i64) {
        let memory = Arc::clone(self.share.memory());
        let mut anew = Self::new(room_id.clone(), tail, Vec::new(), Arc::clone(&self.settings), memory);
        std::mem::swap(&mut anew.audience, &mut self.audience);
        std::mem::swap(&mut anew.absence, &mut self.absence);
        (anew.keep, anew.idle_since, anew.complete_from) = (self.keep, self.idle_since, complete_from);
        *self = anew;
    }

    /// Applies an entry; false if it was applied before.
    pub(super) fn apply(&mut self, entry: &Entry) -> bool {
        if entry.seq <= self.seq {
            return false;
        }
        self.seq = entry.seq;
        self.last = entry.body.message_id().cloned();
        self.histories.clear();
        self.note_recent(entry);
        if let Some(backfill) = &mut self.backfill {
            backfill.taken.push(entry.clone());
        }
        self.change(entry.body.effect());
        self.trim();
        self.weigh();
        true
    }

    fn note_recent(&mut self, entry: &Entry) {
        self.recent.push_back(entry.clone());
        self.recent_bytes += size_of_entry(entry);
        while self.recent.len() > RECENT || self.recent_bytes > RECENT_BYTES {
            let Some(first) = self.recent.pop_front() else { return };
            self.recent_bytes -= size_of_entry(&first);
        }
    }

    /// Applies an entry to the messages. This is idempotent.
    fn change(&mut self, effect: Effect<'_>) {
        match effect {
            Effect::None => {}
            Effect::Insert(message) => self.messages.insert(message, Instant::now()),
            Effect::Replace(message) => {
                self.messages.change(&message.id, |there| *there = Arc::clone(message));
            }
            Effect::Remove(id) => self.messages.remove(id),
            Effect::Change(id, change) => self.messages.change(id, change),
        }
    }

    /// Drops the oldest messages when there are many, or when they are large. Up to a limit, messages within the
    /// liveness window are kept: a user may not have received them.
    fn trim(&mut self) {
        let is_crowded = self.is_large();
        if !is_crowded && self.messages.len() <= 2 * self.keep {
            return;
        }
        let newest = self.messages.newest_at().map_or(0, Timestamp::millis);
        let liveness_window = i64::try_from(self.settings.liveness_window.as_millis()).unwrap_or(0);
        let unconfirmed_since = Timestamp::from_millis(newest - liveness_window);
        let unheard = self.messages.count_since(unconfirmed_since).min(self.settings.history);
        if !is_crowded && self.messages.len() <= 2 * unheard {
            return;
        }
        let keep = unheard.max(if is_crowded { DEFAULT_PAGE } else { self.keep });
        if keep < self.messages.len() {
            self.messages.truncate(keep);
            self.complete = false;
        }
    }

    /// How many messages a user who may have missed some is sent: a page, or as far back as needed. It grows in steps,
    /// so that many users share one encoding.
    fn page_for(&self, missed: &Missed) -> usize {
        let by_time = missed.since.map_or(0, |since| self.messages.count_since(since));
        let by_signs_of_life = missed.told_after.map_or(0, |heard| self.messages.count_told_after(heard));
        let missed = by_time.max(by_signs_of_life);
        let page = if missed <= DEFAULT_PAGE { DEFAULT_PAGE } else { missed.next_multiple_of(STEP) };
        page.min(self.settings.history.max(DEFAULT_PAGE))
    }

    /// Returns what this user may have missed; `last_heard` returns a socket's last sign of life, if known.
    pub(super) fn missed(
        &self,
        user_id: &UserId,
        now: Timestamp,
        last_heard: impl Fn(Sid) -> Option<Instant>,
    ) -> Missed {
        self.absence.missed(user_id, self.audience.presence.sockets_of(user_id), now, last_heard)
    }

    /// True if a user who may have missed this has to be sent more than a page.
    pub(super) fn is_long_for(&self, missed: &Missed) -> bool {
        self.page_for(missed) > DEFAULT_PAGE
    }

    /// True if a user has to be sent messages that are not in memory.
    pub(super) fn wants_more(&self, missed: &Missed) -> bool {
        let short = self.messages.len() < self.page_for(missed);
        let oldest = self.messages.end().map(|oldest| oldest.at);
        let reaches = missed.since.is_none_or(|since| oldest.is_some_and(|oldest| oldest < since))
            || self.messages.len() >= self.settings.history;
        !self.complete && (short || !reaches)
    }

    /// Starts a backfill: collects the entries applied from now on, and returns below which place messages are missing,
    /// and how many to load. From now on that many are kept, for the next request. Large messages are loaded a page at
    /// a time, and not kept.
    pub(super) fn begin_backfill(&mut self) -> (Place, usize) {
        let count = if self.is_large() || self.messages.bytes() > LARGE / 2 {
            DEFAULT_PAGE
        } else {
            self.keep = self.keep.max(self.settings.history);
            self.keep
        };
        self.backfill = Some(Backfill { count, taken: Vec::new() });
        let end = self.messages.end();
        (end.unwrap_or_else(|| Place::below(Timestamp::from_millis(i64::MAX))), count)
    }

    /// Ends a backfill with the older messages, newest first: as many as were wanted, or all there are.
    pub(super) fn finish_backfill(&mut self, older: Vec<MessageView>) {
        let Some(backfill) = self.backfill.take() else { return };
        self.complete = older.len() < backfill.count;
        older.into_iter().for_each(|message| self.messages.push_older(message));
        backfill.taken.iter().for_each(|entry| self.change(entry.body.effect()));
        self.histories.clear();
        self.weigh();
    }

    pub(super) fn abandon_backfill(&mut self) {
        self.backfill = None;
    }

    /// The packet `room:history`, encoded once for all who join between two entries and have missed as much.
    pub(super) fn history(&mut self, room_id: &RoomId, missed: &Missed) -> Option<HistoryPage> {
        let count = self.page_for(missed).min(self.messages.len());
        let packet = match self.histories.find(count) {
            Some(packet) => packet,
            None => {
                let messages = self.messages.iter().take(count).collect();
                let view = RoomHistoryView { room_id, messages, seq: self.seq };
                let packet = Encoded::new(event::ROOM_HISTORY, &view)?;
                self.histories.keep(count, &packet, self.share.memory().is_over());
                self.weigh();
                packet
            }
        };
        let end = self.messages.end_of_page(count);
        Some(HistoryPage {
            packet,
            ends_in_tie: end.as_ref().is_some_and(|(_, is_tie)| is_tie.unwrap_or(!self.complete)),
            end: end.map(|(place, _)| place),
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
