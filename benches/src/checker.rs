//! Exactly once and in order: what each listener heard, held against what the senders were told was taken.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

/// The outcome of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Not answered yet. It was due at this moment.
    Outstanding {
        due: u64,
    },
    Accepted,
    Refused,
}

/// The messages that one client of a room received.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The number of the first sender of its room.
    first_sender: u64,
    tracks: Vec<Track>,
    strays: u64,
    heard: u64,
    /// The hash of the whole sequence of (sender, n).
    hash: u64,
}

/// The messages received from one sender.
#[derive(Clone, Debug, Default)]
struct Track {
    /// The highest heard.
    last: u64,
    /// Numbers below `last` that were not received.
    gaps: BTreeSet<u64>,
    doubled: u64,
    out_of_order: u64,
}

impl Listener {
    pub fn new(first_sender: u64, senders: usize) -> Self {
        Self { first_sender, tracks: vec![Track::default(); senders], strays: 0, heard: 0, hash: 0 }
    }

    /// Numbers of a sender begin with 1.
    pub fn hear(&mut self, sender: u64, n: u64) {
        self.heard += 1;
        let one = (sender << 40) ^ n;
        self.hash = (self.hash ^ one).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        let local = sender.checked_sub(self.first_sender).and_then(|local| usize::try_from(local).ok());
        match local.and_then(|local| self.tracks.get_mut(local)) {
            Some(track) => track.hear(n),
            None => self.strays += 1,
        }
    }
}

impl Track {
    fn hear(&mut self, n: u64) {
        if n > self.last {
            self.gaps.extend(self.last + 1..n);
            self.last = n;
        } else if self.gaps.remove(&n) {
            self.out_of_order += 1;
        } else {
            self.doubled += 1;
        }
    }

    /// Accepted messages that were not heard. The first of `fates` is that of number 1.
    fn missing(&self, fates: &[Fate]) -> u64 {
        let accepted = |n: &u64| fate_of(fates, *n) == Some(Fate::Accepted);
        let never = (self.last + 1..=fates.len() as u64).filter(accepted).count();
        (self.gaps.iter().filter(|n| accepted(n)).count() + never) as u64
    }

    fn refused_but_heard(&self, fates: &[Fate]) -> u64 {
        let refused = |n: &u64| fate_of(fates, *n) == Some(Fate::Refused) && !self.gaps.contains(n);
        (1..=self.last).filter(refused).count() as u64
    }
}

fn fate_of(fates: &[Fate], n: u64) -> Option<Fate> {
    fates.get(usize::try_from(n).ok()?.checked_sub(1)?).copied()
}

/// Counts over all listeners and senders, of the whole run with its warm-up. All are 0 when every message that was accepted
/// was heard once, in one order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Messages that were accepted and that a listener of the room did not hear, for each listener.
    pub missing: u64,
    /// Times that a listener heard a message again.
    pub doubled: u64,
    /// Times that a listener heard a message after a later one of the same sender.
    pub out_of_order: u64,
    /// Listeners whose sequence of messages differs from that of most in their room.
    pub disagreements: u64,
    /// Times that a listener heard a message of another room.
    pub strays: u64,
    /// Times that a listener heard a message that its sender was told is refused.
    pub refused_but_heard: u64,
    /// Messages that were never answered.
    pub unacked: u64,
}

impl Verdict {
    /// Adds one room: its listeners, and of each of its senders the fates in the order of sending.
    pub fn add_room(&mut self, listeners: &[&Listener], senders: &[&[Fate]]) {
        let mut sequences = HashMap::<(u64, u64), u64>::new();
        for listener in listeners {
            *sequences.entry((listener.hash, listener.heard)).or_default() += 1;
            self.strays += listener.strays;
            for (track, fates) in listener.tracks.iter().zip(senders) {
                self.missing += track.missing(fates);
                self.doubled += track.doubled;
                self.out_of_order += track.out_of_order;
                self.refused_but_heard += track.refused_but_heard(fates);
            }
        }
        self.disagreements += listeners.len() as u64 - sequences.values().max().copied().unwrap_or(0);
        let unacked =
            |fates: &&[Fate]| fates.iter().filter(|fate| matches!(fate, Fate::Outstanding { .. })).count();
        self.unacked += senders.iter().map(unacked).sum::<usize>() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three listeners of a room of two senders, 7 and 8: the last one hears `odd`, the others all in order.
    fn verdict(odd: &[(u64, u64)], fates: [&[Fate]; 2]) -> Verdict {
        let right = [(7, 1), (8, 1), (7, 2), (8, 2), (7, 3)];
        let listeners = [&right, &right, odd].map(|heard| {
            let mut listener = Listener::new(7, 2);
            heard.iter().for_each(|(sender, n)| listener.hear(*sender, *n));
            listener
        });
        let mut verdict = Verdict::default();
        verdict.add_room(&listeners.each_ref(), &fates);
        verdict
    }

    const TAKEN: [&[Fate]; 2] = [&[Fate::Accepted; 3], &[Fate::Accepted; 2]];

    #[test]
    fn a_faultless_run_has_no_faults() {
        assert_eq!(verdict(&[(7, 1), (8, 1), (7, 2), (8, 2), (7, 3)], TAKEN), Verdict::default());
    }

    #[test]
    fn a_missing_message_is_found_in_the_middle_and_at_the_end() {
        let fault = Verdict { missing: 1, disagreements: 1, ..Verdict::default() };
        assert_eq!(verdict(&[(7, 1), (8, 1), (8, 2), (7, 3)], TAKEN), fault);
        assert_eq!(verdict(&[(7, 1), (8, 1), (7, 2), (8, 2)], TAKEN), fault);
        assert_eq!(verdict(&[], TAKEN), Verdict { missing: 5, ..fault });
    }

    #[test]
    fn a_doubled_message_is_found() {
        let fault = Verdict { doubled: 1, disagreements: 1, ..Verdict::default() };
        assert_eq!(verdict(&[(7, 1), (7, 1), (8, 1), (7, 2), (8, 2), (7, 3)], TAKEN), fault);
        assert_eq!(verdict(&[(7, 1), (8, 1), (7, 2), (8, 2), (7, 3), (8, 1)], TAKEN), fault);
    }

    #[test]
    fn swapped_messages_are_found() {
        let fault = Verdict { out_of_order: 1, disagreements: 1, ..Verdict::default() };
        assert_eq!(verdict(&[(7, 2), (8, 1), (7, 1), (8, 2), (7, 3)], TAKEN), fault);
        let between_senders = Verdict { out_of_order: 0, ..fault };
        assert_eq!(verdict(&[(8, 1), (7, 1), (7, 2), (8, 2), (7, 3)], TAKEN), between_senders);
    }

    #[test]
    fn a_message_of_another_room_is_found() {
        let fault = Verdict { strays: 2, disagreements: 1, ..Verdict::default() };
        assert_eq!(verdict(&[(6, 1), (7, 1), (8, 1), (7, 2), (9, 9), (8, 2), (7, 3)], TAKEN), fault);
    }

    #[test]
    fn refused_and_unanswered_sends_do_not_count_as_missing() {
        use Fate::{Accepted, Outstanding, Refused};
        let right = [(7, 1), (8, 1), (7, 2), (8, 2), (7, 3)];
        let more: [&[Fate]; 2] =
            [&[Accepted, Accepted, Accepted, Refused], &[Accepted, Accepted, Outstanding { due: 1 }]];
        assert_eq!(verdict(&right, more), Verdict { unacked: 1, ..Verdict::default() });
        let refused: [&[Fate]; 2] = [&[Accepted, Refused, Accepted], &[Accepted; 2]];
        assert_eq!(verdict(&right, refused), Verdict { refused_but_heard: 3, ..Verdict::default() });
    }
}
