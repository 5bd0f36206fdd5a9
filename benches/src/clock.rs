//! The generator's time: whole microseconds since it started, which is what a message carries.

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    #[expect(clippy::new_without_default, reason = "a clock begins at a moment, which is not a default")]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }

    pub fn now(&self) -> u64 {
        micros(self.origin.elapsed())
    }
}

pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The measured time. Its end is not known before it has come.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    start: u64,
    end: u64,
}

impl Window {
    /// Holds no moment.
    pub const CLOSED: Self = Self { start: u64::MAX, end: u64::MAX };

    pub fn from(start: u64) -> Self {
        Self { start, end: u64::MAX }
    }

    pub fn until(self, end: u64) -> Self {
        Self { end, ..self }
    }

    pub fn holds(&self, moment: u64) -> bool {
        self.start <= moment && moment < self.end
    }

    pub fn seconds(&self) -> f64 {
        Duration::from_micros(self.end.saturating_sub(self.start)).as_secs_f64()
    }
}
