//! Tracks since when a user who was in a room may have missed something. A client of the original protocol cannot
//! report it. But everything sent before the last ping that a connection answered has arrived, and a connection that
//! answers no ping is closed within the liveness window.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::{
    broadcast::Sid,
    chat::{id::UserId, timestamp::Timestamp},
};

/// The most users remembered in a room.
const REMEMBERED: usize = 100_000;
/// The most departures remembered for one user, who may have many devices.
const DEPARTURES: usize = 8;

/// A client may still send something this long before a packet that was sent to it arrives.
const IN_FLIGHT: Duration = Duration::from_secs(2);

/// A socket that is in the room.
pub(super) struct PresentSocket {
    pub(super) sid: Sid,
    pub(super) joined: Instant,
    /// The start of the missed messages that it was sent when it joined, if its user may have missed any.
    pub(super) shown_since: Option<Timestamp>,
}

impl PresentSocket {
    /// [`Self::shown_since`], unless the history that it was sent is known to have arrived.
    pub(super) fn resend_since(&self, last_heard: Option<Instant>) -> Option<Timestamp> {
        let has_arrived = last_heard.is_some_and(|heard| heard > self.joined + IN_FLIGHT);
        if has_arrived { None } else { self.shown_since }
    }
}

/// The messages that a user may have missed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Missed {
    /// All messages created since this moment.
    pub(super) since: Option<Timestamp>,
    /// All messages sent after another connection of the user gave its last sign of life. If that connection is dead,
    /// this may be its client, reconnecting.
    pub(super) sent_after: Option<Instant>,
}

impl Missed {
    fn extend_back_to(&mut self, moment: Option<Timestamp>) {
        self.since = self.since.into_iter().chain(moment).min();
    }
}

pub(super) struct Absence {
    /// The longest that a connection may be dead before that is detected.
    liveness_window: Duration,
    /// Oldest first. Each arrival removes the newest, because it is unknown which device has come back.
    missed: HashMap<UserId, Vec<Timestamp>>,
}

impl Absence {
    /// `read` are the users' read marks, from before the room was loaded: up to there nothing was missed.
    pub(super) fn new(liveness_window: Duration, read: Vec<(UserId, Timestamp)>) -> Self {
        Self { liveness_window, missed: read.into_iter().map(|(user_id, at)| (user_id, vec![at])).collect() }
    }

    /// Returns what this user may have missed. `here` are the user's sockets in the room; `last_heard` returns when a
    /// socket's connection gave its last sign of life, if that is known.
    pub(super) fn missed(
        &self,
        user_id: &UserId,
        here: &[PresentSocket],
        now: Timestamp,
        last_heard: impl Fn(Sid) -> Option<Instant>,
    ) -> Missed {
        let earlier = self.missed.get(user_id).and_then(|missed| missed.first().copied());
        let mut missed = Missed { since: earlier, sent_after: None };
        for socket in here {
            match last_heard(socket.sid) {
                Some(heard) => {
                    missed.sent_after = missed.sent_after.into_iter().chain([heard]).min();
                    missed.extend_back_to(socket.resend_since(Some(heard)));
                }
                None => {
                    missed.extend_back_to(Some(self.unconfirmed_since(now)));
                    missed.extend_back_to(socket.resend_since(None));
                }
            }
        }
        missed
    }

    pub(super) fn arrived(&mut self, user_id: &UserId) {
        if let Some(missed) = self.missed.get_mut(user_id) {
            missed.pop();
            if missed.is_empty() {
                self.missed.remove(user_id);
            }
        }
    }

    /// `resend_since` is the start of the missed messages that the socket was sent, unless they are known to have arrived.
    pub(super) fn departed(&mut self, user_id: &UserId, resend_since: Option<Timestamp>, now: Timestamp) {
        let unconfirmed_since = self.unconfirmed_since(now);
        let since =
            resend_since.map_or(unconfirmed_since, |resend_since| resend_since.min(unconfirmed_since));
        if let Some(missed) = self.missed.get_mut(user_id) {
            if missed.len() < DEPARTURES {
                missed.push(since);
            }
        } else if self.missed.len() < REMEMBERED {
            self.missed.insert(user_id.clone(), vec![since]);
        }
    }

    fn unconfirmed_since(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.millis() - i64::try_from(self.liveness_window.as_millis()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVENESS_WINDOW: Duration = Duration::from_secs(45);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn since(moment: Option<Timestamp>) -> Missed {
        Missed { since: moment, sent_after: None }
    }

    fn here(joined: Instant, shown_since: Option<Timestamp>) -> PresentSocket {
        PresentSocket { sid: Sid::new(), joined, shown_since }
    }

    #[test]
    fn each_returning_device_is_shown_history_since_the_longest_absence() {
        let anna = UserId::from("anna");
        let mut absence = Absence::new(LIVENESS_WINDOW, Vec::new());
        let missed = |absence: &Absence| absence.missed(&anna, &[], at(300), |_| None);
        assert_eq!(missed(&absence), since(None), "a newcomer has missed nothing");
        absence.departed(&anna, None, at(100));
        absence.departed(&anna, None, at(200));
        for _ in 0..2 {
            assert_eq!(missed(&absence), since(Some(at(55))));
            absence.arrived(&anna);
        }
        assert_eq!(missed(&absence), since(None));
    }

    #[test]
    fn a_user_may_have_missed_messages_since_their_other_connections_last_sign_of_life() {
        let (anna, now) = (UserId::from("anna"), Instant::now());
        let absence = Absence::new(LIVENESS_WINDOW, Vec::new());
        let sockets = [here(now, None), here(now, None)];
        let heard = [now + Duration::from_secs(70), now + Duration::from_secs(50)];
        let last_heard =
            |sid| sockets.iter().zip(heard).find(|(socket, _)| socket.sid == sid).map(|(_, at)| at);
        let missed = absence.missed(&anna, &sockets, at(100), last_heard);
        assert_eq!(missed, Missed { since: None, sent_after: Some(heard[1]) });
        // Over long polling there is no sign of life.
        assert_eq!(absence.missed(&anna, &sockets, at(100), |_| None), since(Some(at(55))));
    }

    #[test]
    fn history_sent_to_a_connection_that_gave_no_sign_of_life_since_is_sent_again() {
        let (anna, now) = (UserId::from("anna"), Instant::now());
        let mut absence = Absence::new(LIVENESS_WINDOW, Vec::new());
        let socket = [here(now, Some(at(7)))];
        let missed = |absence: &Absence, heard| absence.missed(&anna, &socket, at(100), |_| Some(heard));
        let (soon, later) = (now + Duration::from_secs(1), now + Duration::from_secs(3));
        assert_eq!(missed(&absence, soon), Missed { since: Some(at(7)), sent_after: Some(soon) });
        assert_eq!(missed(&absence, later), Missed { since: None, sent_after: Some(later) });
        absence.departed(&anna, socket[0].resend_since(Some(soon)), at(100));
        assert_eq!(absence.missed(&anna, &[], at(300), |_| None), since(Some(at(7))));
    }
}
