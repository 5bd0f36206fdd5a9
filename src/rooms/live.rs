//! A live room: the newest of a room's log and who is here. No I/O; its owner holds the lock and does the telling.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde_json::value::RawValue;
use socketioxide::socket::Sid;

use crate::{
    chat::{
        id::{MessageId, RoomId, UserId},
        limits::DEFAULT_PAGE,
        timestamp::Timestamp,
    },
    db::{
        messages::Tail,
        room_log::{Entry, Told},
    },
    protocol::{MessageView, RoomHistoryView},
};

/// Messages kept of a room, at least; up to twice as many before the oldest go.
pub(super) const TAIL: usize = 100;

pub(super) struct LiveRoom {
    /// The last entry taken.
    seq: i64,
    /// Newest first. Messages of one millisecond are all here or none.
    messages: VecDeque<Arc<MessageView>>,
    /// The room has no older messages than these.
    complete: bool,
    /// What was taken while older messages are being loaded: they may be of an earlier moment.
    refilling: Option<Vec<Entry>>,
    /// `room:history`, encoded; until the next entry.
    history: Option<Box<RawValue>>,
    present: HashMap<UserId, Present>,
}

/// A user who is here.
struct Present {
    sockets: Vec<Sid>,
    presence: Presence,
}

/// Whether the others were told that a user is here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Announced,
    Silent,
}

impl LiveRoom {
    pub(super) fn new(tail: Tail) -> Self {
        Self {
            seq: tail.seq,
            messages: tail.messages.into_iter().map(Arc::new).collect(),
            complete: tail.complete,
            refilling: None,
            history: None,
            present: HashMap::new(),
        }
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
        self.history = None;
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
                if self.position(&message.id).is_none() {
                    let older = self.messages.partition_point(|there| sort_key(there) > sort_key(message));
                    self.messages.insert(older, without_seq(message));
                    self.trim();
                }
            }
            Told::Updated(message) => {
                if let Some(there) = self.message_mut(&message.id) {
                    *there = without_seq(message);
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

    /// Lets the oldest go, whole milliseconds at a time.
    fn trim(&mut self) {
        if self.messages.len() <= 2 * TAIL {
            return;
        }
        let end = self.end_of_page(TAIL);
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

    /// True if deletions have left less than a page although the room has more.
    pub(super) fn wants_more(&self) -> bool {
        !self.complete && self.messages.len() < DEFAULT_PAGE
    }

    /// Begins to note what is taken, and says before when the missing messages are.
    pub(super) fn begin_refill(&mut self) -> Timestamp {
        self.refilling = Some(Vec::new());
        self.messages.back().map_or(Timestamp::from_millis(i64::MAX), |oldest| oldest.created_at)
    }

    /// Adds older messages, newest first: a full tail of them, or all that there are.
    pub(super) fn finish_refill(&mut self, older: Vec<MessageView>) {
        self.complete = older.len() < TAIL;
        for message in older {
            if self.position(&message.id).is_none() {
                self.messages.push_back(Arc::new(message));
            }
        }
        for entry in self.refilling.take().unwrap_or_default() {
            self.change(&entry.told);
        }
        self.history = None;
    }

    pub(super) fn abandon_refill(&mut self) {
        self.refilling = None;
    }

    /// `room:history`, encoded once for all who join between two entries.
    pub(super) fn history(&mut self, room_id: &RoomId) -> &RawValue {
        let end = self.end_of_page(DEFAULT_PAGE);
        let (messages, seq) = (&self.messages, self.seq);
        self.history.get_or_insert_with(|| {
            let messages = messages.iter().take(end).map(AsRef::as_ref).collect();
            serde_json::value::to_raw_value(&RoomHistoryView { room_id, messages, seq }).unwrap_or_else(
                |error| {
                    // Views are plain data, so this cannot be; an empty value is then better than no answer.
                    tracing::error!(%error, "history could not be encoded");
                    RawValue::NULL.to_owned()
                },
            )
        })
    }

    /// Notes a socket of a user; true if the others are to be told.
    pub(super) fn arrive(&mut self, user_id: &UserId, socket: Sid, presence: Presence) -> bool {
        let present = self
            .present
            .entry(user_id.clone())
            .or_insert_with(|| Present { sockets: Vec::with_capacity(1), presence: Presence::Silent });
        if !present.sockets.contains(&socket) {
            present.sockets.push(socket);
        }
        let told = presence == Presence::Announced && present.presence == Presence::Silent;
        if told {
            present.presence = Presence::Announced;
        }
        told
    }

    /// Forgets a socket of a user; true if it was the last and the others are to be told.
    pub(super) fn depart(&mut self, user_id: &UserId, socket: Sid) -> bool {
        let Some(present) = self.present.get_mut(user_id) else { return false };
        let before = present.sockets.len();
        present.sockets.retain(|there| *there != socket);
        let left = before > 0 && present.sockets.is_empty();
        if present.sockets.is_empty() {
            self.present.remove(user_id);
        }
        left
    }

    /// Forgets the users who may not stay, and returns them with their sockets.
    pub(super) fn evict(&mut self, may_stay: impl Fn(&UserId) -> bool) -> Vec<(UserId, Vec<Sid>)> {
        let gone = self.present.extract_if(|user_id, _| !may_stay(user_id));
        gone.map(|(user_id, present)| (user_id, present.sockets)).collect()
    }

    /// Nobody is here.
    pub(super) fn is_empty(&self) -> bool {
        self.present.is_empty()
    }
}

/// History says what there is, not which change made it so.
fn without_seq(message: &MessageView) -> Arc<MessageView> {
    Arc::new(MessageView { seq: None, ..message.clone() })
}

/// The order of history.
fn sort_key(message: &MessageView) -> (Timestamp, &str) {
    (message.created_at, message.id.as_str())
}
