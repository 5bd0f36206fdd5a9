//! Periodically deletes log entries that are older than the retention time in the settings.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    chat::timestamp::Timestamp,
    clock,
    db::{Db, room_log},
};

/// The interval between two runs.
const TICK: Duration = Duration::from_secs(60 * 60);

/// Runs until the server ends.
pub(super) async fn run(db: Db, retention: Duration) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        let moment = Timestamp::from_millis(clock::now().millis().saturating_sub(retention));
        match room_log::forget_before(&db, moment).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "old log entries have been deleted"),
            Err(error) => error.log(),
        }
    }
}
