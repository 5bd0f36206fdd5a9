//! When what waits is committed. A commit costs the database, and this server, as much as several messages do. While commits
//! are few each begins at once; one that would be one of many waits a moment for more to share it.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

/// So many share a commit well enough: more are not waited for.
pub(super) const ENOUGH: usize = 4;
/// Small commits that are in hand after a quiet time: a burst of them does not wait.
const BURST: u32 = 256;
/// Small commits that do not wait after one that has waited in vain, at first and at the most: where each sender waits for its
/// ack, nobody may be left who could share it.
const UNPACED: u32 = 8;
const UNPACED_MOST: u32 = 256;

pub(super) struct Pace {
    /// Between two small commits where there are many.
    interval: Duration,
    last_begun: Instant,
    /// What the last commit had in it.
    last_count: usize,
    /// When all small commits would have begun at one an interval.
    paid_until: Instant,
    /// Small commits that do not wait.
    unpaced: u32,
    /// After the next that waits in vain so many do not.
    unpaced_next: u32,
}

impl Pace {
    /// With an interval of nothing no commit ever waits.
    pub(super) fn new(interval: Duration, now: Instant) -> Self {
        Self { interval, last_begun: now, last_count: 0, paid_until: now, unpaced: 0, unpaced_next: UNPACED }
    }

    /// When this is done a commit begins of `batch`, which has `most` jobs at the most.
    pub(super) async fn gather<J>(&mut self, jobs: &mut mpsc::Receiver<J>, batch: &mut Vec<J>, most: usize) {
        let before = batch.len();
        if let Some(until) = self.waits_until(before, Instant::now()) {
            wait(until, jobs, batch, most).await;
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
        if self.unpaced > 0 {
            self.unpaced -= 1;
            return None;
        }
        Some(until)
    }

    fn has_waited(&mut self, has_gained: bool) {
        if has_gained {
            self.unpaced_next = UNPACED;
        } else {
            self.unpaced = self.unpaced_next;
            self.unpaced_next = (self.unpaced_next * 2).min(UNPACED_MOST);
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
        count < ENOUGH && count + self.last_count < 2 * ENOUGH
    }
}

/// Until enough have come, or it is time.
async fn wait<J>(until: Instant, jobs: &mut mpsc::Receiver<J>, batch: &mut Vec<J>, most: usize) {
    let time = sleep_until(until);
    tokio::pin!(time);
    while batch.len() < ENOUGH {
        tokio::select! {
            biased;
            count = jobs.recv_many(batch, most.saturating_sub(batch.len())) => if count == 0 { return },
            () = &mut time => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const INTERVAL: Duration = Duration::from_millis(2);

    /// Its credit is used up, and it has just begun a commit.
    fn exhausted(now: Instant) -> Pace {
        let mut pace = Pace::new(INTERVAL, now);
        for _ in 0..BURST {
            assert_eq!(pace.waits_until(1, now), None);
            pace.begin(1, now);
        }
        pace
    }

    #[tokio::test]
    async fn a_burst_does_not_wait_and_what_follows_it_does() {
        let now = Instant::now();
        let mut pace = exhausted(now);
        assert_eq!(pace.waits_until(1, now), Some(now + INTERVAL));
        assert_eq!(pace.waits_until(ENOUGH - 1, now), Some(now + INTERVAL));
        // Commits at one an interval need not wait, but have no credit either.
        for number in 1..=3 {
            let then = now + INTERVAL * number;
            assert_eq!(pace.waits_until(1, then), None);
            pace.begin(1, then);
            assert_eq!(pace.waits_until(1, then), Some(then + INTERVAL));
        }
        let later = now + INTERVAL * (BURST + 4);
        for _ in 0..BURST {
            assert_eq!(pace.waits_until(1, later), None);
            pace.begin(1, later);
        }
        assert_eq!(pace.waits_until(1, later), Some(later + INTERVAL));
    }

    #[tokio::test]
    async fn while_commits_are_few_none_waits() {
        let mut now = Instant::now();
        let mut pace = Pace::new(INTERVAL, now);
        for number in 0..10 * BURST {
            // Two that come together, and then none for a while.
            now += INTERVAL * 2 * (number % 2);
            assert_eq!(pace.waits_until(1, now), None);
            pace.begin(1, now);
        }
    }

    #[tokio::test]
    async fn commits_that_share_well_do_not_wait_and_use_up_nothing() {
        let now = Instant::now();
        let mut pace = exhausted(now);
        assert_eq!(pace.waits_until(ENOUGH, now), None);
        pace.begin(ENOUGH, now);
        assert!(pace.waits_until(ENOUGH - 1, now).is_some());
        // Ten senders of whom seven are acked while three wait.
        pace.begin(7, now);
        assert_eq!(pace.waits_until(3, now), None);
        pace.begin(3, now);
        assert_eq!(pace.waits_until(7, now), None);
        assert_eq!(pace.paid_until, now + INTERVAL * BURST);
    }

    #[tokio::test]
    async fn after_a_wait_in_vain_some_do_not_wait_and_then_more() {
        let now = Instant::now();
        let mut pace = exhausted(now);
        for expected in [UNPACED, 2 * UNPACED, 4 * UNPACED] {
            assert!(pace.waits_until(1, now).is_some());
            pace.has_waited(false);
            for _ in 0..expected {
                assert_eq!(pace.waits_until(1, now), None);
                pace.begin(1, now);
            }
        }
        assert!(pace.waits_until(1, now).is_some());
        pace.has_waited(true);
        assert!(pace.waits_until(1, now).is_some());
        pace.has_waited(false);
        assert_eq!(pace.unpaced, UNPACED);
    }

    #[tokio::test]
    async fn with_an_interval_of_nothing_none_waits() {
        let now = Instant::now();
        let mut pace = Pace::new(Duration::ZERO, now);
        for _ in 0..10 * BURST {
            assert_eq!(pace.waits_until(1, now), None);
            pace.begin(1, now);
        }
    }

    #[tokio::test]
    async fn a_wait_ends_when_enough_have_come_or_it_is_time_or_no_more_can_come() {
        let for_ever = Instant::now() + Duration::from_secs(3_600);
        let (queue, mut jobs) = mpsc::channel(16);
        let mut batch = vec![0];
        {
            let waiting = wait(for_ever, &mut jobs, &mut batch, 16);
            tokio::pin!(waiting);
            for job in 1..ENOUGH {
                assert!((&mut waiting).now_or_never().is_none());
                queue.try_send(job).unwrap();
            }
            waiting.await;
        }
        assert_eq!(batch, Vec::from_iter(0..ENOUGH));

        batch = vec![0];
        queue.try_send(1).unwrap();
        wait(Instant::now(), &mut jobs, &mut batch, 16).await;
        assert_eq!(batch, [0, 1], "what is there already shares it");

        drop(queue);
        wait(for_ever, &mut jobs, &mut batch, 16).await;
        assert_eq!(batch, [0, 1]);
    }
}
