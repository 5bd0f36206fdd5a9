//! Connections that are being closed and whose peer has not taken all that was written to it. Usually they have time for that;
//! a server that shuts down waits only for peers that take something.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use tokio::time::sleep;

use super::{Connection, State};
use crate::sync::lock;

/// While the server shuts down, a peer that takes nothing for so long has stalled.
const STALLED_AFTER: Duration = Duration::from_millis(250);

#[derive(Default)]
pub(super) struct Closing(Mutex<Vec<Closed>>);

struct Closed {
    state: Weak<State>,
    /// Bytes that the peer had taken in all at the last look; none before the first.
    taken: Option<u64>,
}

impl Closing {
    /// Adds a connection that is being closed while bytes wait for its peer. The caller does not hold its buffer half.
    pub(super) fn add(&self, state: &Arc<State>) {
        let mut closing = lock(&self.0);
        if closing.len() == closing.capacity() {
            closing.retain(|closed| closed.state.strong_count() > 0);
        }
        closing.push(Closed { state: Arc::downgrade(state), taken: None });
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    /// Aborts those that stall. Runs until it is dropped.
    pub(super) async fn abort_stalled(&self) -> Infallible {
        loop {
            self.look();
            sleep(STALLED_AFTER).await;
        }
    }

    /// Aborts the connections whose peers have taken nothing since the last look.
    pub(super) fn look(&self) {
        let mut closing = lock(&self.0);
        closing.retain_mut(|closed| {
            let Some(state) = closed.state.upgrade() else { return false };
            let taken = state.buffer().taken();
            let has_stalled = closed.taken.replace(taken) == Some(taken);
            if has_stalled {
                Connection(state).abort();
            }
            !has_stalled
        });
    }
}
