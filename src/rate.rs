//! Limits: the token bucket, which is the one rate limiter of this crate, and a limit on what is under way at once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex},
};

use tokio::time::Instant;

use crate::sync::lock;

/// A token bucket. It refills at `rate` tokens a second, up to `burst` tokens. It reads no clock: its callers pass the time.
#[derive(Debug)]
pub struct TokenBucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    refilled_at: Instant,
}

impl TokenBucket {
    /// A full bucket. `rate`: tokens a second; the burst is one second's worth.
    pub fn new(rate: u32, now: Instant) -> Self {
        Self::with_burst(f64::from(rate), f64::from(rate), now)
    }

    /// A full bucket. `rate`: tokens a second; `burst`: the most tokens that it holds.
    pub fn with_burst(rate: f64, burst: f64, now: Instant) -> Self {
        Self { rate, burst, tokens: burst, refilled_at: now }
    }

    /// Takes `amount` tokens, or takes none and returns false. A full bucket allows any amount and goes into debt, so
    /// that an amount larger than the burst is allowed at times instead of never.
    pub fn take(&mut self, amount: usize, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.refilled_at);
        self.tokens = (self.tokens + passed.as_secs_f64() * self.rate).min(self.burst);
        self.refilled_at = now;
        let amount = amount as f64;
        if self.tokens < amount.min(self.burst) {
            return false;
        }
        self.tokens -= amount;
        true
    }
}

/// Counts what is under way at once, by key.
#[derive(Debug)]
pub struct InFlight<K>(Arc<Mutex<HashMap<K, usize>>>);

/// One more that is under way, until it is dropped.
#[derive(Debug)]
pub struct UnderWay<K: Eq + Hash> {
    counts: Arc<Mutex<HashMap<K, usize>>>,
    key: K,
}

impl<K> Default for InFlight<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Clone + Eq + Hash> InFlight<K> {
    /// Begins one more for a key; none if `most` are under way.
    pub fn begin(&self, key: &K, most: usize) -> Option<UnderWay<K>> {
        let mut counts = lock(&self.0);
        let count = counts.entry(key.clone()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(UnderWay { counts: Arc::clone(&self.0), key: key.clone() })
    }
}

impl<K: Eq + Hash> Drop for UnderWay<K> {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_full_bucket_allows_its_burst_and_refills_at_its_rate() {
        let start = Instant::now();
        let mut bucket = TokenBucket::with_burst(1.0, 3.0, start);
        let allowed = (0..5).filter(|_| bucket.take(1, start)).count();
        assert_eq!(allowed, 3);
        assert!(!bucket.take(1, start + Duration::from_millis(900)));
        assert!(bucket.take(1, start + Duration::from_secs(1)));
        let later = start + Duration::from_secs(60);
        assert_eq!((0..5).filter(|_| bucket.take(1, later)).count(), 3, "no more than the burst");
    }

    #[test]
    fn an_amount_above_the_burst_is_allowed_when_the_bucket_is_full_and_goes_into_debt() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(2, start);
        assert!(bucket.take(6, start));
        assert!(!bucket.take(1, start + Duration::from_secs(2)), "still in debt");
        assert!(bucket.take(1, start + Duration::from_secs(3)));
    }

    #[test]
    fn no_more_are_under_way_than_the_most_and_nothing_is_kept_of_those_that_ended() {
        let in_flight = InFlight::default();
        let [one, _two] = [(); 2].map(|()| in_flight.begin(&"alice", 2).unwrap());
        assert!(in_flight.begin(&"alice", 2).is_none());
        let bob = in_flight.begin(&"bob", 2);
        assert!(bob.is_some());
        drop((one, bob));
        assert!(in_flight.begin(&"alice", 2).is_some());
        assert_eq!(lock(&in_flight.0).len(), 1);
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_tokens() {
        let start = Instant::now();
        let later = start + Duration::from_secs(5);
        let mut bucket = TokenBucket::new(1, later);
        assert!(bucket.take(1, later));
        assert!(!bucket.take(1, start));
    }
}
