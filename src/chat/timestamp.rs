//! A time in milliseconds since 1970 UTC, as JavaScript's `Date` and the original's `TIMESTAMP(3)` count it.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// Serialized as `2026-01-31T09:05:07.042Z`, always with three digits of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
#[schemars(inline)]
pub struct Timestamp(#[schemars(with = "DateTime<Utc>")] i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The time in UTC without an offset, as both databases store it. It is clamped to the years 0 to 9999: SQLite
    /// compares times as text, which works only there.
    pub fn naive(self) -> NaiveDateTime {
        const YEAR_0: i64 = -62_167_219_200_000;
        const YEAR_10000: i64 = 253_402_300_800_000;
        let millis = self.0.clamp(YEAR_0, YEAR_10000 - 1);
        DateTime::from_timestamp_millis(millis).map_or(NaiveDateTime::MAX, |moment| moment.naive_utc())
    }
}

impl From<NaiveDateTime> for Timestamp {
    fn from(naive: NaiveDateTime) -> Self {
        Self(naive.and_utc().timestamp_millis())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.naive().and_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_always_has_three_digits_of_milliseconds() {
        let text = |millis| serde_json::to_string(&Timestamp::from_millis(millis)).unwrap();
        assert_eq!(text(1_769_850_307_042), r#""2026-01-31T09:05:07.042Z""#);
        assert_eq!(text(1_769_850_307_000), r#""2026-01-31T09:05:07.000Z""#);
        assert_eq!(text(0), r#""1970-01-01T00:00:00.000Z""#);
        assert_eq!(text(i64::MIN), r#""0000-01-01T00:00:00.000Z""#);
        assert_eq!(text(i64::MAX), r#""9999-12-31T23:59:59.999Z""#);
    }
}
