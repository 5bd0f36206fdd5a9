//! The one place that reads the clock, and that knows how long an event may still wait.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::chat::timestamp::Timestamp;

/// The current time, to the millisecond.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is told to use")]
pub fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs `work`, all of whose waits for the database add up to no more than `limit`.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(Instant::now() + limit, work).await
}

/// How long the next wait of the work at hand may take: `limit`, or what earlier waits have left.
pub fn time_left(limit: Duration) -> Duration {
    let left = DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now()));
    left.map_or(limit, |left| left.min(limit))
}
