//! When a room was compared with the database, and whether that is recent enough.

use std::time::Duration;

use tokio::time::Instant;

use super::RoomState;
use crate::{
    chat::{id::RoomId, limits::DEFAULT_PAGE},
    db::fingerprints::Query,
};

/// The least time between the beginnings of two comparisons of a room that clients who catch up ask for: in a storm they
/// share one.
const CATCH_UP_INTERVAL: Duration = Duration::from_millis(50);

/// The users of a large room that are checked in a second, if it is compared all the time.
const USERS_A_SECOND: usize = 1_000;

/// How recent the last comparison of a room has to be.
#[derive(Clone, Copy)]
pub(in crate::rooms) enum Freshness {
    /// None is needed.
    Any,
    /// `compare_interval`, as for users who enter: they are told later of what is found later.
    Interval,
    /// It began after a moment: what other programs have committed by then is found.
    Since(Instant),
}

#[derive(Default)]
pub(in crate::rooms) struct Compared {
    /// When the last comparison ended, also if it failed; none: the room is to be compared when somebody enters it.
    at: Option<Instant>,
    /// When the last comparison began.
    began: Option<Instant>,
    /// When the last one that succeeded began.
    known_at: Option<Instant>,
    /// When it was last checked that the users in the room exist.
    users_at: Option<Instant>,
}

impl Compared {
    /// The room was loaded, and compared with its log, from this moment on.
    pub(in crate::rooms) fn by_loading(begun: Instant) -> Self {
        Self { at: Some(begun), began: Some(begun), known_at: Some(begun), users_at: Some(begun) }
    }

    pub(in crate::rooms) fn begin(&mut self) {
        self.began = Some(Instant::now());
    }

    pub(in crate::rooms) fn end(&mut self, has_succeeded: bool) {
        self.at = Some(Instant::now());
        if has_succeeded {
            self.known_at = self.began;
        }
    }

    /// Forgets all comparisons.
    pub(in crate::rooms) fn forget(&mut self) {
        *self = Self { users_at: self.users_at, ..Self::default() };
    }

    pub(in crate::rooms) fn is_known(&self) -> bool {
        self.known_at.is_some()
    }

    pub(in crate::rooms) fn is_known_since(&self, moment: Instant) -> bool {
        self.known_at.is_some_and(|known_at| known_at >= moment)
    }
}

impl RoomState {
    /// True if the room has to be compared with the database.
    pub(in crate::rooms) fn is_comparison_due(&self, freshness: Freshness) -> bool {
        let Some(interval) = self.settings.compare_interval else { return false };
        match freshness {
            Freshness::Any => false,
            Freshness::Interval => is_due(self.compared.at, interval),
            Freshness::Since(moment) => !self.compared.is_known_since(moment),
        }
    }

    /// The same while nobody else compares it: a comparison that failed is not repeated for those who waited for it.
    pub(in crate::rooms) fn is_comparison_due_now(&self, freshness: Freshness) -> bool {
        let was_tried = |moment: Instant| self.compared.began.is_some_and(|began| began >= moment);
        self.is_comparison_due(freshness)
            && !matches!(freshness, Freshness::Since(moment) if was_tried(moment))
    }

    /// The moment before which no comparison of this freshness begins, if it is not now.
    pub(in crate::rooms) fn next_comparison(&self, freshness: Freshness) -> Option<Instant> {
        let Freshness::Since(moment) = freshness else { return None };
        let next = self.compared.began.filter(|began| *began < moment)? + CATCH_UP_INTERVAL;
        (next > Instant::now()).then_some(next)
    }

    /// Returns the query of a comparison. The users are checked as often as users who enter let the room be compared, and
    /// less often if there are many.
    pub(in crate::rooms) fn comparison(&mut self, room_id: &RoomId) -> Query {
        let present = self.audience.presence.list_users().count();
        let delay = Duration::from_secs(u64::try_from(present / USERS_A_SECOND).unwrap_or(u64::MAX));
        let checks_users = self
            .settings
            .compare_interval
            .is_some_and(|interval| is_due(self.compared.users_at, interval.saturating_add(delay)));
        let users = if checks_users {
            self.compared.users_at = Some(Instant::now());
            self.audience.presence.list_users().cloned().collect()
        } else {
            Vec::new()
        };
        // One more than there are here shows whether the room has more.
        let limit = (self.len() + 1).max(DEFAULT_PAGE);
        Query { room_id: room_id.clone(), limit, after: self.seq, users }
    }
}

fn is_due(last: Option<Instant>, interval: Duration) -> bool {
    last.is_none_or(|at| at.elapsed() > interval)
}
