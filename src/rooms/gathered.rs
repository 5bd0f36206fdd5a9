//! What is to be told in a live room, of something of which there may be much. Beyond an allowance it waits a moment, to be told
//! in one go.

use tokio::time::Instant;

use super::allowance::Allowance;

pub(super) struct Gathered<N> {
    /// Oldest first.
    waiting: Vec<N>,
    /// When so much waits it is told at once.
    most: usize,
    allowance: Allowance,
    /// Somebody will call [`Self::due`].
    pub(super) is_awaited: bool,
}

impl<N> Gathered<N> {
    /// `rate`: how many times in a second this room may be told something. `most`: what may wait.
    pub(super) fn new(rate: u32, most: usize, now: Instant) -> Self {
        Self { waiting: Vec::new(), most, allowance: Allowance::new(rate, now), is_awaited: false }
    }

    /// Takes news; true if it is to be told now, with what waits.
    pub(super) fn note(&mut self, news: N, now: Instant) -> bool {
        let is_allowed = self.waiting.is_empty() && self.allowance.take(1, now);
        self.waiting.push(news);
        is_allowed || self.waiting.len() >= self.most
    }

    /// What waits, oldest first.
    pub(super) fn waiting(&self) -> &[N] {
        &self.waiting
    }

    /// What waits, to be told before something else.
    pub(super) fn take(&mut self) -> Vec<N> {
        std::mem::take(&mut self.waiting)
    }

    /// What waits, when it has waited for long enough.
    pub(super) fn due(&mut self, now: Instant) -> Vec<N> {
        self.is_awaited = false;
        if !self.waiting.is_empty() {
            self.allowance.take(1, now);
        }
        self.take()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_few_are_told_at_once_and_those_beyond_the_allowance_together() {
        let now = Instant::now();
        let mut gathered = Gathered::new(3, 9, now);
        for news in 0..3 {
            assert!(gathered.note(news, now));
            assert_eq!(gathered.take(), [news]);
        }
        for news in 3..6 {
            assert!(!gathered.note(news, now));
        }
        let due = now + Duration::from_millis(400);
        assert_eq!(gathered.due(due), [3, 4, 5]);
        // That has used up what was allowed meanwhile.
        assert!(!gathered.note(6, due));
        assert_eq!(gathered.due(due + Duration::from_secs(2)), [6]);
        assert!(gathered.note(7, due + Duration::from_secs(2)));
    }

    #[test]
    fn nothing_overtakes_what_waits() {
        let now = Instant::now();
        let mut gathered = Gathered::new(1, 9, now);
        assert!(gathered.note("first", now));
        gathered.take();
        assert!(!gathered.note("second", now));
        // By now there is an allowance again.
        assert!(!gathered.note("third", now + Duration::from_secs(9)));
        assert_eq!(gathered.take(), ["second", "third"]);
    }

    #[test]
    fn only_so_much_waits() {
        let now = Instant::now();
        let mut gathered = Gathered::new(1, 9, now);
        assert!(gathered.note(0, now));
        gathered.take();
        let noted: Vec<bool> = (1..=9).map(|news| gathered.note(news, now)).collect();
        assert_eq!(noted.iter().filter(|told| **told).count(), 1);
        assert_eq!(noted.last(), Some(&true));
        assert_eq!(gathered.take(), Vec::from_iter(1..=9));
    }
}
