//! Group commit: decides when a batch of changes is committed. A commit costs the database, and this server, as much as
//! several messages do. While commits are few, each begins at once. One that would be one of many small ones waits a
//! moment for more changes to share it.

use std::time::Duration;

use tokio::{sync::mpsc, time::Instant};

use crate::batch::fill_until;

/// A batch of this many changes is not small: it does not wait for more.
pub(super) const COMMIT_SIBLINGS: usize = 4;
/// Small commits that have credit after a quiet time, so that a burst of them does not wait.
const BURST: u32 = 256;
/// The number of small commits that do not wait after one that has waited in vain, at first and at most. Where each
/// sender waits for its ack, nobody may be left who could share the commit.
const UNDELAYED: u32 = 8;
const MAX_UNDELAYED: u32 = 256;

pub(super) struct GroupCommit {
    /// The interval of small commits while there are many of them.
    interval: Duration,
    last_begun: Instant,
    /// The number of changes in the last commit.
    last_count: usize,
    /// The time when all small commits so far would have begun at a rate of one an interval.
    paid_until: Instant,
    /// The number of small commits that still do not wait.
    undelayed: u32,
    /// The value of `undelayed` after the next commit that waits in vain.
    undelayed_next: u32,
}

impl GroupCommit {
    /// With a zero interval no commit ever waits.
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

    /// Waits for more changes if `batch` is small, and returns when its commit is to begin. The batch gets at most
    /// `most` changes.
    pub(super) async fn collect<T>(&mut self, queue: &mut mpsc::Receiver<T>, batch: &mut Vec<T>, max: usize) {
        let before = batch.len();
        if let Some(until) = self.waits_until(before, Instant::now()) {
            fill_until(queue, batch, max, until, |batch| batch.len() >= COMMIT_SIBLINGS).await;
            self.has_waited(batch.len() > before);
        }
        self.begin(batch.len(), Instant::now());
    }

    /// The time until which a commit of `count` changes waits for more; none if it does not wait.
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
            let max = now + self.interval * BURST;
            self.paid_until = (self.paid_until.max(now) + self.interval).min(max);
        }
        self.last_begun = now;
        self.last_count = count;
    }

    /// A batch is small if it is below [`COMMIT_SIBLINGS`] and so is the average of it and the last one. The average
    /// counts because many senders may split between two commits that alternate.
    fn is_small(&self, count: usize) -> bool {
        count < COMMIT_SIBLINGS && count + self.last_count < 2 * COMMIT_SIBLINGS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(2);

    /// The state after the credit is used up and a commit has just begun.
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
        // Commits at a rate of one an interval need not wait, but gain no credit.
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
    async fn no_commit_waits_while_there_are_few() {
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
    async fn some_commits_do_not_wait_after_a_wait_in_vain_and_then_more() {
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
    async fn no_commit_waits_with_an_interval_of_zero() {
        let now = Instant::now();
        let mut group_commit = GroupCommit::new(Duration::ZERO, now);
        for _ in 0..10 * BURST {
            assert_eq!(group_commit.waits_until(1, now), None);
            group_commit.begin(1, now);
        }
    }
}
