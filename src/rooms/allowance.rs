//! How often something may be told at once. What is beyond it waits.

use tokio::time::Instant;

/// So much in a second, and as much in one go after a quiet second.
pub(super) struct Allowance {
    rate: f64,
    left: f64,
    at: Instant,
}

impl Allowance {
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        Self { rate: f64::from(rate), left: f64::from(rate), at: now }
    }

    /// True if so much may be told now; if it is more than a second's worth, when a second's worth is left.
    pub(super) fn take(&mut self, amount: usize, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at);
        self.left = (self.left + passed.as_secs_f64() * self.rate).min(self.rate);
        self.at = now;
        let amount = amount as f64;
        if self.left < amount.min(self.rate) {
            return false;
        }
        // What is more than a second's worth goes into debt.
        self.left -= amount;
        true
    }
}
