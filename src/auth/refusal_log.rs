//! A rate limit on log lines about refused sign-ins, for clients that try again and again.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::{rate::TokenBucket, sync::lock};

/// The lines that may be written at once, and then in each second.
const LINES: f64 = 20.0;
const LINES_PER_SECOND: f64 = 1.0;
/// The time after which the number of dropped lines is logged, once a flood is over.
const REPORT_AFTER: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct RefusalLog {
    lines: Mutex<Option<LineBudget>>,
}

impl RefusalLog {
    /// Writes the line if the rate limit allows it. `write` gets the number of lines that were left out since the last
    /// one.
    pub fn write(self: &Arc<Self>, write: impl FnOnce(u64)) {
        let now = Instant::now();
        let decision = lock(&self.lines).get_or_insert_with(|| LineBudget::new(now)).take(now);
        match decision {
            Decision::Line { left_out } => write(left_out),
            Decision::First => {
                let log = Arc::clone(self);
                tokio::spawn(async move {
                    sleep(REPORT_AFTER).await;
                    if let Some(left_out) = log.unreported() {
                        tracing::info!(left_out, "more sign-ins were refused");
                    }
                });
            }
            Decision::Nothing => {}
        }
    }

    /// The number of lines left out since the last one, which the caller reports now.
    fn unreported(&self) -> Option<u64> {
        let left_out = lock(&self.lines).as_mut().map_or(0, LineBudget::take_left_out);
        (left_out > 0).then_some(left_out)
    }
}

/// A token bucket for log lines that counts the lines it refuses.
struct LineBudget {
    bucket: TokenBucket,
    left_out: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Line {
        left_out: u64,
    },
    /// No line is allowed, for the first time since the last one.
    First,
    Nothing,
}

impl LineBudget {
    fn new(now: Instant) -> Self {
        Self { bucket: TokenBucket::with_burst(LINES_PER_SECOND, LINES, now), left_out: 0 }
    }

    fn take(&mut self, now: Instant) -> Decision {
        if self.bucket.take(1, now) {
            return Decision::Line { left_out: self.take_left_out() };
        }
        self.left_out += 1;
        if self.left_out == 1 { Decision::First } else { Decision::Nothing }
    }

    fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_next_line_or_the_report_says_how_many_were_left_out() {
        let log = Arc::new(RefusalLog::default());
        // A bucket that does not refill.
        let bucket = |lines| TokenBucket::with_burst(0.0, lines, Instant::now());
        *lock(&log.lines) = Some(LineBudget { bucket: bucket(2.0), left_out: 0 });
        let mut reported = Vec::new();
        for _ in 0..7 {
            log.write(|left_out| reported.push(left_out));
        }
        assert_eq!(reported, [0, 0]);
        lock(&log.lines).as_mut().unwrap().bucket = bucket(1.0);
        log.write(|left_out| reported.push(left_out));
        assert_eq!((reported, log.unreported()), (vec![0, 0, 5], None));
        (0..3).for_each(|_| log.write(|_| panic!("there is no line left")));
        assert_eq!((log.unreported(), log.unreported()), (Some(3), None));
    }

    #[test]
    fn a_flood_gets_few_lines_and_none_is_uncounted() {
        let begin = Instant::now();
        let mut budget = LineBudget::new(begin);
        let (mut lines, mut reported) = (0_u64, 0);
        for millisecond in 0..10_000 {
            match budget.take(begin + Duration::from_millis(millisecond)) {
                Decision::Line { left_out } => (lines, reported) = (lines + 1, reported + left_out),
                Decision::First | Decision::Nothing => {}
            }
        }
        assert_eq!(lines, 29);
        assert_eq!(lines + reported + budget.take_left_out(), 10_000);
        let quiet = begin + Duration::from_secs(3_600);
        let after =
            (0..40).map(|_| budget.take(quiet)).filter(|decision| matches!(decision, Decision::Line { .. }));
        assert_eq!(after.count(), 20);
        assert_eq!(budget.take_left_out(), 20);
    }
}
