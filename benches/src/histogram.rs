//! A histogram of latencies in microseconds, with buckets whose width grows with the value: each power of two is cut into 64,
//! so that a quantile is at most 1.6 % too high.

use std::time::Duration;

const SUB_BITS: u32 = 6;
const SUB_BUCKETS: u64 = 1 << SUB_BITS;
/// Some 19 hours; what is longer counts as that.
const LONGEST: u64 = (1 << 36) - 1;

#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; bucket_of(LONGEST) + 1], total: 0, max: 0 }
    }
}

impl Histogram {
    pub fn record(&mut self, micros: u64) {
        if let Some(count) = self.counts.get_mut(bucket_of(micros.min(LONGEST))) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(micros);
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    pub fn max(&self) -> Duration {
        Duration::from_micros(self.max)
    }

    /// The value that the given share of all values does not exceed; zero when there are none.
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_micros(top_of(bucket).min(self.max));
            }
        }
        Duration::ZERO
    }

    /// How many values lie above the given one, to the width of a bucket.
    pub fn above(&self, micros: u64) -> u64 {
        self.counts.iter().skip(bucket_of(micros.min(LONGEST)) + 1).sum()
    }
}

/// Values below 64 have a bucket each; above, the top six bits below the leading one choose among 64 of each power of two.
fn bucket_of(micros: u64) -> usize {
    let bits = u64::BITS - micros.leading_zeros();
    let shift = bits.saturating_sub(SUB_BITS + 1);
    (u64::from(shift) * SUB_BUCKETS + (micros >> shift)) as usize
}

/// The largest value of a bucket.
fn top_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket / SUB_BUCKETS).saturating_sub(1);
    let low = (bucket - shift * SUB_BUCKETS) << shift;
    low + (1 << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_in_its_bucket_and_the_next_begins_above_it() {
        for value in (0..100_000).chain([1 << 20, (1 << 20) - 1, 123_456_789, LONGEST]) {
            let bucket = bucket_of(value);
            let top = top_of(bucket);
            assert!(value <= top, "{value} is above {top}");
            assert_eq!(bucket_of(top), bucket);
            assert_eq!(bucket_of(top + 1), bucket + 1);
            assert!(top - value <= value / 64, "{value} is told as {top}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), Duration::ZERO);
        for value in 1..=10_000 {
            histogram.record(value);
        }
        for (share, exact) in [(0.5, 5_000.0), (0.95, 9_500.0), (0.99, 9_900.0)] {
            let told = histogram.quantile(share).as_micros() as f64;
            assert!(told >= exact && told <= exact * 1.016, "{share}: {told}");
        }
        assert_eq!(histogram.quantile(1.0), Duration::from_micros(10_000));
        assert_eq!(histogram.max(), Duration::from_micros(10_000));
        assert_eq!(histogram.total(), 10_000);
    }

    #[test]
    fn values_above_a_bound_are_counted() {
        let mut histogram = Histogram::default();
        for value in [10, 20, 900_000, 2_000_000, 3_000_000, u64::MAX] {
            histogram.record(value);
        }
        assert_eq!(histogram.above(1_000_000), 3);
    }
}
