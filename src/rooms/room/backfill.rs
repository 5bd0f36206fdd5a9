//! Backfill: adds older messages from the database to a room in memory, while entries go on being applied.

use super::RoomState;
use crate::{
    chat::{limits::DEFAULT_PAGE, message::Place, timestamp::Timestamp},
    db::room_log::Entry,
    protocol::MessageView,
    rooms::memory::MESSAGES_LIMIT,
};

/// A backfill: older messages that are being loaded.
pub(super) struct Backfill {
    count: usize,
    /// Entries applied meanwhile. The older messages may be from an earlier snapshot, so these are applied again.
    pub(super) applied: Vec<Entry>,
}

impl RoomState {
    /// Starts a backfill: collects the entries applied from now on, and returns below which place messages are missing,
    /// and how many to load. From now on that many are kept, for the next request. Large messages are loaded a page at
    /// a time, and not kept.
    pub(in crate::rooms) fn begin_backfill(&mut self) -> (Place, usize) {
        let count = if self.is_large() || self.messages.bytes() > MESSAGES_LIMIT / 2 {
            DEFAULT_PAGE
        } else {
            self.min_kept = self.min_kept.max(self.settings.history);
            self.min_kept
        };
        self.backfill = Some(Backfill { count, applied: Vec::new() });
        let end = self.messages.end();
        (end.unwrap_or_else(|| Place::below(Timestamp::from_millis(i64::MAX))), count)
    }

    /// Ends a backfill with the older messages, newest first: as many as were wanted, or all there are.
    pub(in crate::rooms) fn finish_backfill(&mut self, older: Vec<MessageView>) {
        let Some(backfill) = self.backfill.take() else { return };
        self.complete = older.len() < backfill.count;
        older.into_iter().for_each(|message| self.messages.push_older(message));
        backfill.applied.iter().for_each(|entry| self.apply_to_messages(entry));
        self.histories.clear();
        self.update_memory_share();
    }

    pub(in crate::rooms) fn abandon_backfill(&mut self) {
        self.backfill = None;
    }
}
