//! The one place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::chat::timestamp::Timestamp;

/// The current time, to the millisecond.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is told to use")]
pub fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
