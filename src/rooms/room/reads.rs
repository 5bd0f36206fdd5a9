//! The entries that readers of a room have come to.

use std::collections::HashMap;

use super::RoomState;
use crate::{
    chat::{id::UserId, timestamp::Timestamp},
    db::room_log::{Effect, Entry},
};

/// The entry that a reader has come to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rooms) enum ReadPosition {
    /// The entry, and the time up to which the reader has read.
    At(i64, Timestamp),
    /// The entry is older than those in memory.
    InLog,
}

impl RoomState {
    /// The last entry, and the time up to which the room has been read with it. Entries that come faster than a
    /// millisecond each run ahead of the clock.
    pub(in crate::rooms) fn read_to_the_end(&self, now: Timestamp) -> (i64, Timestamp) {
        (self.seq, self.messages.newest_at().map_or(now, |newest| newest.max(now)))
    }

    /// The position of a reader who has read up to entry `seq`, or up to now.
    pub(in crate::rooms) fn read_position(&self, seq: Option<i64>, now: Timestamp) -> ReadPosition {
        let Some(seq) = seq.filter(|seq| *seq < self.seq) else {
            let (seq, at) = self.read_to_the_end(now);
            return ReadPosition::At(seq, at);
        };
        let created_at = |entry: &Entry| match entry.body.effect() {
            Effect::Insert(message) => Some(message.created_at),
            _ => None,
        };
        // Between two messages the entries change nothing in what is unread.
        let read = self.recent.iter().take_while(|entry| entry.seq <= seq).filter_map(created_at);
        read.max().map_or(ReadPosition::InLog, |at| ReadPosition::At(seq, at))
    }

    /// Notes the entry that a reader has come to; false if they had come to a later one.
    pub(in crate::rooms) fn note_reader(&mut self, user_id: &UserId, seq: i64) -> bool {
        advance(&mut self.readers, user_id, seq)
    }

    /// Notes the entry that has reached a device of a user; false if a later one had.
    pub(in crate::rooms) fn note_delivered(&mut self, user_id: &UserId, seq: i64) -> bool {
        advance(&mut self.delivered, user_id, seq)
    }
}

fn advance(places: &mut HashMap<UserId, i64>, user_id: &UserId, seq: i64) -> bool {
    let there = places.entry(user_id.clone()).or_insert(seq);
    let is_ahead = seq >= *there;
    *there = seq.max(*there);
    is_ahead
}
