//! Sign-ins that were refused: how many on one connection, and how many lines of the log they may have. Neither lets a client
//! that tries again and again cost more than it must.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socketioxide::socket::Sid;
use tokio::time::{Instant, sleep};

/// A connection ends with so many refusals. `socket.io-client` itself ends it with the first.
const MOST_REFUSALS: u8 = 3;
/// Connections whose refusals are remembered. Beyond it the oldest are forgotten, and begin anew.
const REMEMBERED: usize = 16_384;
/// Lines at once, and then in each second.
const LINES: f64 = 20.0;
const LINES_PER_SECOND: f64 = 1.0;
/// When a flood is over, the log says after so long how many lines it was spared.
const REPORT_AFTER: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Refusals {
    tries: Mutex<Tries>,
    lines: Mutex<Option<LineBudget>>,
}

impl Refusals {
    /// True if this connection was refused too often: its tokens are not looked at any more.
    pub(super) fn is_spent(&self, sid: Sid) -> bool {
        lock(&self.tries).counts.get(&sid).is_some_and(|count| *count >= MOST_REFUSALS)
    }

    /// Notes a refusal; true if it was the last that this connection may have.
    pub(super) fn note(&self, sid: Sid) -> bool {
        lock(&self.tries).note(sid) == MOST_REFUSALS
    }

    /// Writes the line if there is room for it in the log. `write` is told how many were left out since the last.
    pub(super) fn log(self: &Arc<Self>, write: impl FnOnce(u64)) {
        let now = Instant::now();
        let taken = lock(&self.lines).get_or_insert_with(|| LineBudget::new(now)).take(now);
        match taken {
            Taken::Line { left_out } => write(left_out),
            Taken::First => {
                let refusals = Arc::clone(self);
                tokio::spawn(async move {
                    sleep(REPORT_AFTER).await;
                    let left_out = lock(&refusals.lines).as_mut().map_or(0, LineBudget::settle);
                    if left_out > 0 {
                        tracing::info!(left_out, "more refused");
                    }
                });
            }
            Taken::Nothing => {}
        }
    }
}

/// What is behind these locks is right after each single change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Tries {
    counts: HashMap<Sid, u8>,
    /// The oldest first.
    order: VecDeque<Sid>,
}

impl Tries {
    fn note(&mut self, sid: Sid) -> u8 {
        if let Some(count) = self.counts.get_mut(&sid) {
            *count = count.saturating_add(1);
            return *count;
        }
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
        self.order.push_back(sid);
        self.counts.insert(sid, 1);
        1
    }
}

/// A token bucket for lines of the log, which counts those that it refuses.
struct LineBudget {
    left: f64,
    at: Instant,
    left_out: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Taken {
    Line {
        left_out: u64,
    },
    /// No line, for the first time since the last one.
    First,
    Nothing,
}

impl LineBudget {
    fn new(now: Instant) -> Self {
        Self { left: LINES, at: now, left_out: 0 }
    }

    fn take(&mut self, now: Instant) -> Taken {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * LINES_PER_SECOND).min(LINES);
        self.at = now;
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Taken::Line { left_out: self.settle() };
        }
        self.left_out += 1;
        if self.left_out == 1 { Taken::First } else { Taken::Nothing }
    }

    fn settle(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_gets_few_lines_and_none_is_uncounted() {
        let begin = Instant::now();
        let mut budget = LineBudget::new(begin);
        let (mut lines, mut told) = (0_u64, 0);
        for millisecond in 0..10_000 {
            match budget.take(begin + Duration::from_millis(millisecond)) {
                Taken::Line { left_out } => (lines, told) = (lines + 1, told + left_out),
                Taken::First | Taken::Nothing => {}
            }
        }
        assert_eq!(lines, 29);
        assert_eq!(lines + told + budget.settle(), 10_000);
        let quiet = begin + Duration::from_secs(3_600);
        let after = (0..40).map(|_| budget.take(quiet)).filter(|taken| matches!(taken, Taken::Line { .. }));
        assert_eq!(after.count(), 20);
        assert_eq!(budget.settle(), 20);
    }

    #[test]
    fn the_third_refusal_is_the_last_and_what_is_remembered_is_bounded() {
        let refusals = Refusals::default();
        let sid = Sid::new();
        assert_eq!([(); 5].map(|()| refusals.note(sid)), [false, false, true, false, false]);
        assert!(refusals.is_spent(sid) && !refusals.is_spent(Sid::new()));
        for _ in 0..REMEMBERED + 10 {
            refusals.note(Sid::new());
        }
        let tries = lock(&refusals.tries);
        assert_eq!((tries.counts.len(), tries.order.len()), (REMEMBERED, REMEMBERED));
        assert!(!tries.counts.contains_key(&sid));
    }
}
