//! Group commit: when the changes that wait are committed. A commit costs the database, and this server, as much as several
//! messages do. While commits are few each begins at once; one that would be one of many small ones waits a moment for more
//! changes to share it.

use std::time::Duration;

use tokio::{sync::mpsc, time::Instant};

use crate::batch::fill_until;

/// Changes that share a commit well enough: more are not waited for.
pub(super) const COMMIT_SIBLINGS: usize = 4;
/// Small commits that are in hand after a quiet time: a burst of them does not wait.
const BURST: u32 = 256;
/// Small commits that do not wait after one that has waited in vain, at first and at the most: where each sender waits for its
/// ack, nobody may be left who could share it.
const UNDELAYED: u32 = 8;
const MAX_UNDELAYED: u32 = 256;

pub(super) struct GroupCommit {
    /// Between two small commits where there are many.
    interval: Duration,
    last_begun: Instant,
    /// What the last commit had in it.
    last_count: usize,
    /// When all small commits would have begun at one an interval.
    paid_until: Instant,
    /// Small commits that do not wait.
    undelayed: u32,
    /// After the next that waits in vain so many do not.
    undelayed_next: u32,
}

impl GroupCommit {
    /// With an interval of nothing no commit ever waits.
    pub(super) fn new(interval: Duration, now: Instant) -> Self {
        Self {
            interval,
            last_begun: now,
            last_count: 0,
            paid_until: now,
            undelayed: 0,
            undelayed_next: UNDELAYED,
        }
    }

    /// Returns when a commit is to begin of `batch`, which has at most `most` changes.
    pub(super) async fn gather<T>(&mut self, queue: &mut mpsc::Receiver<T>, batch: &mut Vec<T>, most: usize) {
        let before = batch.len();
        if let Some(until) = self.waits_until(before, Instant::now()) {
            fill_until(queue, batch, most, until, |batch| batch.len() >= COMMIT_SIBLINGS).await;
            self.has_waited(batch.len() > before);
        }
        self.begin(batch.len(), Instant::now());
    }

    /// Until when a commit of so much waits for more, if it does.
    fn waits_until(&mut self, count: usize, now: Instant) -> Option<Instant> {
        let until = self.last_begun + self.interval;
        let has_credit = self.paid_until <= now + self.interval * (BURST - 1);
        if !self.is_small(count) || has_credit || until <= now {
            return None;
        }
        if self.undelayed > 0 {
            self.undelayed -= 1;
            return None;
        }
        Some(until)
    }

    fn has_waited(&mut self, has_gained: bool) {
        if has_gained {
            self.undelayed_next = UNDELAYED;
        } else {
            self.undelayed = self.undelayed_next;
            self.undelayed_next = (self.undelayed_next * 2).min(MAX_UNDELAYED);
        }
    }

    fn begin(&mut self, count: usize, now: Instant) {
        if self.is_small(count) {
            let most = now + self.interval * BURST;
            self.paid_until = (self.paid_until.max(now) + self.interval).min(most);
        }
        self.last_begun = now;
        self.last_count = count;
    }

    /// Two commits may share in turn what many senders wait for: then neither is small.
    fn is_small(&self, count: usize) -> bool {
        count < COMMIT_SIBLINGS && count + self.last_count < 2 * COMMIT_SIBLINGS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(2);

    /// Its credit is used up, and it has just begun a commit.
    fn exhausted(now: Instant) -> GroupCommit {
        let mut group_commit = GroupCommit::new(INTERVAL, now);
        for _ in 0..BURST {
            assert_eq!(group_commit.waits_until(1, now), None);
            group_commit.begin(1, now);
        }
        group_commit
    }

    #[tokio::test]
    async fn a_burst_does_not_wait_and_what_follows_it_does() {
        let now = Instant::now();
        let mut group_commit = exhausted(now);
        assert_eq!(group_commit.waits_until(1, now), Some(now + INTERVAL));
        assert_eq!(group_commit.waits_until(COMMIT_SIBLINGS - 1, now), Some(now + INTERVAL));
        // Commits at one an interval need not wait, but have no credit either.
        for number in 1..=3 {
            let then = now + INTERVAL * number;
            assert_eq!(group_commit.waits_until(1, then), None);
            group_commit.begin(1, then);
            assert_eq!(group_commit.waits_until(1, then), Some(then + INTERVAL));
        }
        let later = now + INTERVAL * (BURST + 4);
        for _ in 0..BURST {
            assert_eq!(group_commit.waits_until(1, later), None);
            group_commit.begin(1, later);
        }
        assert_eq!(group_commit.waits_until(1, later), Some(later + INTERVAL));
    }

    #[tokio::test]
    async fn while_commits_are_few_none_waits() {
        let mut now = Instant::now();
        let mut group_commit = GroupCommit::new(INTERVAL, now);
        for number in 0..10 * BURST {
            // Two that come together, and then none for a while.
            now += INTERVAL * 2 * (number % 2);
            assert_eq!(group_commit.waits_until(1, now), None);
            group_commit.begin(1, now);
        }
    }

    #[tokio::test]
    async fn commits_that_share_well_do_not_wait_and_use_up_nothing() {
        let now = Instant::now();
        let mut group_commit = exhausted(now);
        assert_eq!(group_commit.waits_until(COMMIT_SIBLINGS, now), None);
        group_commit.begin(COMMIT_SIBLINGS, now);
        assert!(group_commit.waits_until(COMMIT_SIBLINGS - 1, now).is_some());
        // Ten senders of whom seven are acked while three wait.
        group_commit.begin(7, now);
        assert_eq!(group_commit.waits_until(3, now), None);
        group_commit.begin(3, now);
        assert_eq!(group_commit.waits_until(7, now), None);
        assert_eq!(group_commit.paid_until, now + INTERVAL * BURST);
    }

    #[tokio::test]
    async fn after_a_wait_in_vain_some_do_not_wait_and_then_more() {
        let now = Instant::now();
        let mut group_commit = exhausted(now);
        for expected in [UNDELAYED, 2 * UNDELAYED, 4 * UNDELAYED] {
            assert!(group_commit.waits_until(1, now).is_some());
            group_commit.has_waited(false);
            for _ in 0..expected {
                assert_eq!(group_commit.waits_until(1, now), None);
                group_commit.begin(1, now);
            }
        }
        assert!(group_commit.waits_until(1, now).is_some());
        group_commit.has_waited(true);
        assert!(group_commit.waits_until(1, now).is_some());
        group_commit.has_waited(false);
        assert_eq!(group_commit.undelayed, UNDELAYED);
    }

    #[tokio::test]
    async fn with_an_interval_of_nothing_none_waits() {
        let now = Instant::now();
        let mut group_commit = GroupCommit::new(Duration::ZERO, now);
        for _ in 0..10 * BURST {
            assert_eq!(group_commit.waits_until(1, now), None);
            group_commit.begin(1, now);
        }
    }
}
