//! The page of history that a joining user is sent: its length depends on what the user may have missed.

use tokio::time::Instant;

use super::RoomState;
use crate::{
    broadcast::{Encoded, Sid},
    chat::{
        id::{RoomId, UserId},
        limits::DEFAULT_PAGE,
        message::Place,
        timestamp::Timestamp,
    },
    protocol::{Bodies, RoomHistoryView, ShownMessageView, event},
    rooms::absence::Missed,
};

/// Histories longer than a page grow in steps of this many messages.
const STEP: usize = 50;

/// An encoded history, and the place where it ends.
pub(in crate::rooms) struct HistoryPage {
    /// The event `room:history`.
    pub(in crate::rooms) packet: Encoded,
    /// The place of its oldest message.
    pub(in crate::rooms) end: Option<Place>,
    /// The next older message has, or may have, the same millisecond as the oldest one.
    pub(in crate::rooms) ends_in_tie: bool,
}

impl RoomState {
    /// How many messages a user who may have missed some is sent: a page, or as far back as needed. It grows in steps,
    /// so that many users share one encoding.
    fn page_for(&self, missed: &Missed) -> usize {
        let by_time = missed.since.map_or(0, |since| self.messages.count_since(since));
        let by_signs_of_life = missed.sent_after.map_or(0, |heard| self.messages.count_sent_after(heard));
        let missed = by_time.max(by_signs_of_life);
        let page = if missed <= DEFAULT_PAGE { DEFAULT_PAGE } else { missed.next_multiple_of(STEP) };
        page.min(self.settings.history.max(DEFAULT_PAGE))
    }

    /// Returns what this user may have missed; `last_heard` returns a socket's last sign of life, if known.
    pub(in crate::rooms) fn missed(
        &self,
        user_id: &UserId,
        now: Timestamp,
        last_heard: impl Fn(Sid) -> Option<Instant>,
    ) -> Missed {
        self.absence.missed(user_id, self.audience.presence.sockets_of(user_id), now, last_heard)
    }

    /// True if a user who may have missed this has to be sent more than a page.
    pub(in crate::rooms) fn exceeds_page(&self, missed: &Missed) -> bool {
        self.page_for(missed) > DEFAULT_PAGE
    }

    /// True if a user has to be sent messages that are not in memory.
    pub(in crate::rooms) fn needs_older(&self, missed: &Missed) -> bool {
        let short = self.messages.len() < self.page_for(missed);
        let oldest = self.messages.end().map(|oldest| oldest.at);
        let reaches = missed.since.is_none_or(|since| oldest.is_some_and(|oldest| oldest < since))
            || self.messages.len() >= self.settings.history;
        !self.complete && (short || !reaches)
    }

    /// The packet `room:history`, encoded once for all who join between two entries and have missed as much.
    pub(in crate::rooms) fn history(
        &mut self,
        room_id: &RoomId,
        missed: &Missed,
        bodies: Bodies,
    ) -> Option<HistoryPage> {
        let count = self.page_for(missed).min(self.messages.len());
        let packet = match self.histories.find((count, bodies)) {
            Some(packet) => packet,
            None => {
                let shown = |message| ShownMessageView::new(message, bodies);
                let messages = self.messages.iter().take(count).map(shown).collect();
                let view = RoomHistoryView { room_id, messages, seq: self.seq };
                let packet = Encoded::new(event::ROOM_HISTORY, &view)?;
                self.histories.insert((count, bodies), &packet, self.share.memory().is_over());
                self.update_memory_share();
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
}
