//! The progress of a long command: a bar on a terminal, drawn anew once a second.

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

const INTERVAL: Duration = Duration::from_secs(1);

/// The length of the bar, in characters.
const BAR: usize = 20;

pub(super) struct Progress {
    total: u64,
    done: u64,
    begun: Instant,
    shown: Option<Instant>,
    is_shown: bool,
}

impl Progress {
    /// Shows nothing unless standard error is a terminal.
    pub(super) fn new(total: u64) -> Self {
        Self { total, done: 0, begun: Instant::now(), shown: None, is_shown: stderr().is_terminal() }
    }

    pub(super) fn add(&mut self, rows: u64) {
        self.done += rows;
        if self.is_shown && self.is_due(Instant::now()) {
            self.print(&format!("\r{}\x1b[K", self.describe()));
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.shown.is_none_or(|shown| now.duration_since(shown) >= INTERVAL);
        if is_due {
            self.shown = Some(now);
        }
        is_due
    }

    fn describe(&self) -> String {
        let percent = (self.done.min(self.total) * 100).checked_div(self.total).unwrap_or(100);
        let seconds = self.begun.elapsed().as_secs().max(1);
        let full = usize::try_from(percent).unwrap_or(100) * BAR / 100;
        let bar = format!("{}{}", "#".repeat(full), ".".repeat(BAR - full));
        format!("[{bar}] {percent} %: {} of {} rows, {} a second", self.done, self.total, self.done / seconds)
    }

    /// Clears the line.
    pub(super) fn end(&self) {
        if self.shown.is_some() {
            self.print("\r\x1b[K");
        }
    }

    fn print(&self, text: &str) {
        let _nobody_watches = write!(stderr(), "{text}").and_then(|()| stderr().flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_shown_at_once_and_then_once_a_second() {
        let begun = Instant::now();
        let mut progress = Progress { total: 200, done: 50, begun, shown: None, is_shown: true };
        let at = |millis| begun + Duration::from_millis(millis);
        let due = [0, 999, 1_000, 1_001, 1_999, 2_000].map(|millis| progress.is_due(at(millis)));
        assert_eq!(due, [true, false, true, false, false, true]);
        let bar = "[#####...............] 25 %: 50 of 200 rows";
        assert!(progress.describe().starts_with(bar), "{}", progress.describe());
    }
}
