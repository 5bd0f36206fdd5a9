//! Tracks connections that are closed while bytes still wait for their peers. Usually a peer has the whole linger time
//! to read them; during a shutdown only peers that make progress are waited for.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use tokio::time::sleep;

use super::{Connection, State};
use crate::sync::lock;

/// A peer that reads nothing for this long during a shutdown has stalled.
const STALLED_AFTER: Duration = Duration::from_millis(250);

#[derive(Default)]
pub(super) struct Closing(Mutex<Vec<Closed>>);

struct Closed {
    state: Weak<State>,
    /// Bytes that the peer had read in all at the last check; none before the first check.
    accepted_bytes: Option<u64>,
}

impl Closing {
    /// Adds a connection that is closed while bytes wait for its peer. The caller must not hold the lock of its buffer.
    pub(super) fn add(&self, state: &Arc<State>) {
        let mut closing = lock(&self.0);
        if closing.len() == closing.capacity() {
            closing.retain(|closed| closed.state.strong_count() > 0);
        }
        closing.push(Closed { state: Arc::downgrade(state), accepted_bytes: None });
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    /// Aborts stalled connections, again and again, until it is dropped.
    pub(super) async fn abort_stalled(&self) -> Infallible {
        loop {
            self.abort_stalled_once();
            sleep(STALLED_AFTER).await;
        }
    }

    /// Aborts the connections whose peers have read nothing since the last check.
    pub(super) fn abort_stalled_once(&self) {
        let mut closing = lock(&self.0);
        closing.retain_mut(|closed| {
            let Some(state) = closed.state.upgrade() else { return false };
            let accepted_bytes = state.buffer().accepted_bytes();
            let has_stalled = closed.accepted_bytes.replace(accepted_bytes) == Some(accepted_bytes);
            if has_stalled {
                Connection(state).abort();
            }
            !has_stalled
        });
    }
}
