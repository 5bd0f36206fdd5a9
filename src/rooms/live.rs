//! A live room: the newest of a room's log and who is here. No I/O; its owner holds the lock and does the telling.

use std::{collections::VecDeque, sync::Arc};

use serde_json::value::RawValue;
use tokio::time::Instant;

use super::{
    ephemeral::{self, Ephemeral},
    presence::Presence,
    returning::Returning,
    untold::Untold,
};
use crate::{
    chat::{
        id::{MessageId, RoomId, UserId},
        limits::DEFAULT_PAGE,
        timestamp::Timestamp,
    },
    config::LiveSettings,
    db::{
        messages::Tail,
        room_log::{Entry, Told},
    },
    protocol::{MessageView, RoomHistoryView},
};

/// Histories longer than a page grow by this many messages.
const STEP: usize = 50;
/// Entries kept for those who catch up, at the most.
const RECENT: usize = 512;
/// What a message takes beside its content, about, in bytes.
const MESSAGE_SIZE: usize = 600;

pub(super) struct LiveRoom {
    /// The last entry taken.
    seq: i64,
    /// Newest first. Messages of one millisecond are all here or none.
    messages: VecDeque<Arc<MessageView>>,
    /// Messages kept at least; up to twice as many before the oldest go.
    keep: usize,
    /// The room has no older messages than these.
    complete: bool,
    /// What was taken while older messages are being loaded: they may be of an earlier moment.
    refilling: Option<Vec<Entry>>,
    /// `room:history` encoded, by how many messages it has; until the next entry.
    histories: Vec<(usize, Box<RawValue>)>,
    /// The last entries taken, without holes, oldest first.
    recent: VecDeque<Entry>,
    pub(super) presence: Presence,
    pub(super) returning: Returning,
    pub(super) ephemeral: Ephemeral,
    pub(super) untold: Untold,
    /// Nobody has been here since.
    pub(super) idle_since: Option<Instant>,
    settings: Arc<LiveSettings>,
}

impl LiveRoom {
    pub(super) fn new(tail: Tail, read: Vec<(UserId, Timestamp)>, settings: Arc<LiveSettings>) -> Self {
        let now = Instant::now();
        Self {
            seq: tail.seq,
            messages: tail.messages.into_iter().map(Arc::new).collect(),
            keep: settings.messages,
            complete: tail.complete,
            refilling: None,
            histories: Vec::new(),
            recent: VecDeque::new(),
            presence: Presence::new(settings.presence_rate, now),
            returning: Returning::new(settings.doubt, read),
            ephemeral: ephemeral::new(settings.ephemeral_rate, now),
            untold: Untold::new(settings.flush_interval, now),
            idle_since: None,
            settings,
        }
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq
    }

    /// Messages kept.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The memory that it takes, about, in bytes.
    pub(super) fn size(&self) -> usize {
        let contents: usize = self.messages.iter().map(|message| message.content.len()).sum();
        let histories: usize = self.histories.iter().map(|(_, history)| history.get().len()).sum();
        contents + histories + (self.messages.len() + self.recent.len()) * MESSAGE_SIZE
    }

    /// The last entry before a hole, if there is one between it and `entry`.
    pub(super) fn hole_before(&self, entry: &Entry) -> Option<i64> {
        (entry.seq > self.seq + 1).then_some(self.seq)
    }

    /// Takes an entry; false if it was taken before.
    pub(super) fn apply(&mut self, entry: &Entry) -> bool {
        if entry.seq <= self.seq {
            return false;
        }
        self.seq = entry.seq;
        self.histories.clear();
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(entry.clone());
        if let Some(taken) = &mut self.refilling {
            taken.push(entry.clone());
        }
        self.change(&entry.told);
        true
    }

    /// Changes the messages; doing so again changes nothing more.
    fn change(&mut self, told: &Told) {
        match told {
            Told::New(message) => {
                let older = self.messages.partition_point(|there| sort_key(there) > sort_key(message));
                if self.messages.get(older).is_none_or(|there| there.id != message.id) {
                    self.messages.insert(older, Arc::clone(message));
                    self.trim();
                }
            }
            Told::Updated(message) => {
                if let Some(there) = self.message_mut(&message.id) {
                    *there = Arc::clone(message);
                }
            }
            Told::Deleted(id) => {
                if let Some(position) = self.position(id) {
                    self.messages.remove(position);
                }
            }
            Told::ReactionAdded { message_id, reaction } => {
                if let Some(message) = self.message_mut(message_id)
                    && !message.reactions.contains(reaction)
                {
                    Arc::make_mut(message).reactions.push(reaction.clone());
                }
            }
            Told::ReactionRemoved { message_id, reaction } => {
                if let Some(message) = self.message_mut(message_id) {
                    Arc::make_mut(message).reactions.retain(|there| there != reaction);
                }
            }
            Told::Gone => {}
        }
    }

    fn position(&self, id: &MessageId) -> Option<usize> {
        self.messages.iter().position(|message| message.id == *id)
    }

    fn message_mut(&mut self, id: &MessageId) -> Option<&mut Arc<MessageView>> {
        self.messages.iter_mut().find(|message| message.id == *id)
    }

    /// Lets the oldest go, whole milliseconds at a time. Those that somebody may not have heard are kept, up to a limit.
    fn trim(&mut self) {
        if self.messages.len() <= 2 * self.keep {
            return;
        }
        let newest = self.messages.front().map_or(0, |newest| newest.created_at.millis());
        let doubt = i64::try_from(self.settings.doubt.as_millis()).unwrap_or(0);
        let keep = self.count_since(Timestamp::from_millis(newest - doubt)).min(self.settings.history);
        if self.messages.len() <= 2 * keep {
            return;
        }
        let end = self.end_of_page(keep.max(self.keep));
        if end < self.messages.len() {
            self.messages.truncate(end);
            self.complete = false;
        }
    }

    /// Where the newest `count` end, and with them those that share the last one's millisecond.
    fn end_of_page(&self, count: usize) -> usize {
        let Some(last) = count.checked_sub(1).and_then(|last| self.messages.get(last)) else {
            return self.messages.len();
        };
        let shared =
            self.messages.iter().skip(count).take_while(|message| message.created_at == last.created_at);
        count + shared.count()
    }

    fn count_since(&self, moment: Timestamp) -> usize {
        self.messages.partition_point(|message| message.created_at >= moment)
    }

    /// How many messages somebody is to be shown who may have missed what came since: a page, or as far back as that, in
    /// steps, so that many share one encoding.
    fn page_for(&self, missed_since: Option<Timestamp>) -> usize {
        let missed = missed_since.map_or(0, |since| self.count_since(since));
        let page = if missed <= DEFAULT_PAGE { DEFAULT_PAGE } else { missed.next_multiple_of(STEP) };
        page.min(self.settings.history.max(DEFAULT_PAGE))
    }

    /// Since when this user may have missed something.
    pub(super) fn missed_since(&self, user_id: &UserId, now: Timestamp) -> Option<Timestamp> {
        self.returning.missed_since(user_id, self.presence.is_here(user_id), now)
    }

    /// True if the room has more that somebody is to be shown than is here.
    pub(super) fn wants_more(&self, missed_since: Option<Timestamp>) -> bool {
        let short = self.messages.len() < self.page_for(missed_since);
        let oldest = self.messages.back().map(|oldest| oldest.created_at);
        let reaches = missed_since.is_none_or(|since| oldest.is_some_and(|oldest| oldest < since))
            || self.messages.len() >= self.settings.history;
        !self.complete && (short || !reaches)
    }

    /// Begins to note what is taken, and says before when the missing messages are, and how many are wanted. Who has once
    /// been asked for more will be again: from now on that many are kept.
    pub(super) fn begin_refill(&mut self) -> (Timestamp, usize) {
        self.refilling = Some(Vec::new());
        self.keep = self.keep.max(self.settings.history);
        let oldest =
            self.messages.back().map_or(Timestamp::from_millis(i64::MAX), |oldest| oldest.created_at);
        (oldest, self.keep)
    }

    /// Adds older messages, newest first: as many as were wanted, or all that there are.
    pub(super) fn finish_refill(&mut self, older: Vec<MessageView>) {
        self.complete = older.len() < self.keep;
        for message in older {
            if self.position(&message.id).is_none() {
                self.messages.push_back(Arc::new(message));
            }
        }
        for entry in self.refilling.take().unwrap_or_default() {
            self.change(&entry.told);
        }
        self.histories.clear();
    }

    pub(super) fn abandon_refill(&mut self) {
        self.refilling = None;
    }

    /// `room:history`, encoded once for all who join between two entries and have missed as much.
    pub(super) fn history(&mut self, room_id: &RoomId, missed_since: Option<Timestamp>) -> &RawValue {
        let end = self.end_of_page(self.page_for(missed_since));
        let encoded = self.histories.iter().position(|(there, _)| *there == end);
        let index = encoded.unwrap_or_else(|| {
            let messages = self.messages.iter().take(end).map(AsRef::as_ref).collect();
            let view = RoomHistoryView { room_id, messages, seq: self.seq };
            let history = serde_json::value::to_raw_value(&view).unwrap_or_else(|error| {
                // Views are plain data, so this cannot be; an empty value is then better than no answer.
                tracing::error!(%error, "history could not be encoded");
                RawValue::NULL.to_owned()
            });
            self.histories.push((end, history));
            self.histories.len() - 1
        });
        self.histories.get(index).map_or(RawValue::NULL, |(_, history)| history)
    }

    /// The entries after `after`, if they are all here.
    pub(super) fn list_after(&self, after: i64, limit: usize) -> Option<Vec<Entry>> {
        let before_first = self.recent.front().map_or(self.seq, |first| first.seq - 1);
        let skip = usize::try_from(after.checked_sub(before_first)?).ok()?;
        Some(self.recent.iter().skip(skip).take(limit).cloned().collect())
    }
}

/// The order of history.
fn sort_key(message: &MessageView) -> (Timestamp, &str) {
    (message.created_at, message.id.as_str())
}
