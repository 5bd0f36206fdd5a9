//! From when on somebody who was in a room may have missed something. A client as the original's cannot say it; but what was
//! sent before the last ping that a connection has answered has arrived, and a connection that answers none is soon gone.

use std::{collections::HashMap, time::Duration};

use crate::chat::{id::UserId, timestamp::Timestamp};

/// Users remembered in a room.
const REMEMBERED: usize = 100_000;
/// Departures remembered of a user with many devices.
const DEPARTURES: usize = 8;

pub(super) struct Returning {
    /// How long a connection may be dead before it is found out.
    doubt: Duration,
    /// Oldest first. Each arrival takes one away, the newest: which device it is of, nobody knows.
    missed: HashMap<UserId, Vec<Timestamp>>,
}

impl Returning {
    /// `read`: up to when users have read the room for certain, from an earlier life of it.
    pub(super) fn new(doubt: Duration, read: Vec<(UserId, Timestamp)>) -> Self {
        Self { doubt, missed: read.into_iter().map(|(user_id, at)| (user_id, vec![at])).collect() }
    }

    /// From when on this user may have missed something, if they ever were here.
    pub(super) fn missed_since(&self, user_id: &UserId, is_here: bool, now: Timestamp) -> Option<Timestamp> {
        let earlier = self.missed.get(user_id).and_then(|missed| missed.first().copied());
        let doubtful = is_here.then(|| self.doubtful(now));
        earlier.into_iter().chain(doubtful).min()
    }

    pub(super) fn arrived(&mut self, user_id: &UserId) {
        if let Some(missed) = self.missed.get_mut(user_id) {
            missed.pop();
            if missed.is_empty() {
                self.missed.remove(user_id);
            }
        }
    }

    pub(super) fn departed(&mut self, user_id: &UserId, now: Timestamp) {
        let since = self.doubtful(now);
        if let Some(missed) = self.missed.get_mut(user_id) {
            if missed.len() < DEPARTURES {
                missed.push(since);
            }
        } else if self.missed.len() < REMEMBERED {
            self.missed.insert(user_id.clone(), vec![since]);
        }
    }

    fn doubtful(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.millis() - i64::try_from(self.doubt.as_millis()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_device_that_comes_back_is_shown_what_the_longest_gone_has_missed() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let anna = UserId::from("anna");
        let mut returning = Returning::new(Duration::from_secs(45), Vec::new());
        assert_eq!(returning.missed_since(&anna, false, at(100)), None, "a newcomer has missed nothing");
        assert_eq!(returning.missed_since(&anna, true, at(100)), Some(at(55)), "another device, or the same");
        returning.departed(&anna, at(100));
        returning.departed(&anna, at(200));
        for _ in 0..2 {
            assert_eq!(returning.missed_since(&anna, false, at(300)), Some(at(55)));
            returning.arrived(&anna);
        }
        assert_eq!(returning.missed_since(&anna, false, at(300)), None);
    }
}
