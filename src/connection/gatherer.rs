//! Writes what connections have gathered, of many in one go.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::sleep};

use super::State;

/// Connections written to before others have their turn.
const CHUNK: usize = 64;

/// The way to the task that writes; cheap to clone.
#[derive(Clone)]
pub(super) struct Gatherer {
    /// Each connection is in it at most once.
    queue: mpsc::UnboundedSender<Arc<State>>,
    interval: Duration,
}

impl Gatherer {
    pub(super) fn start(interval: Duration) -> Self {
        let (queue, connections) = mpsc::unbounded_channel();
        tokio::spawn(run(connections, interval));
        Self { queue, interval }
    }

    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// Writes what waits there when the interval is over.
    pub(super) fn await_soon(&self, connection: &Arc<State>) {
        // Only a runtime that ends has no task at the other end.
        let _sent = self.queue.send(Arc::clone(connection));
    }
}

/// Runs until there are no connections any more.
async fn run(mut connections: mpsc::UnboundedReceiver<Arc<State>>, interval: Duration) {
    let mut batch = Vec::new();
    while connections.recv_many(&mut batch, CHUNK).await > 0 {
        sleep(interval).await;
        // Those that come from here on wait for the next interval.
        let mut others = connections.len();
        loop {
            for connection in batch.drain(..) {
                let mut outgoing = connection.outgoing();
                outgoing.is_awaited = false;
                connection.write_out(&mut outgoing);
            }
            if others == 0 {
                break;
            }
            tokio::task::yield_now().await;
            others -= connections.recv_many(&mut batch, others.min(CHUNK)).await;
        }
    }
}
