//! Writes what connections have gathered, of many in one go: in a moment, or when an interval is over.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::yield_now, time::sleep};

use super::State;

/// Connections written to before others have their turn.
const CHUNK: usize = 64;

/// The way to the tasks that write; cheap to clone.
#[derive(Clone)]
pub(super) struct Flusher {
    // Each connection is in each at most once.
    next: mpsc::UnboundedSender<Arc<State>>,
    later: mpsc::UnboundedSender<Arc<State>>,
}

impl Flusher {
    pub(super) fn start(interval: Duration) -> Self {
        let (next, next_ones) = mpsc::unbounded_channel();
        let (later, later_ones) = mpsc::unbounded_channel();
        tokio::spawn(write_next(next_ones));
        tokio::spawn(write_later(later_ones, interval));
        Self { next, later }
    }

    /// Writes what waits there in a moment: after what is urgent on other connections, and together with what is written to
    /// this one meanwhile.
    pub(super) fn write_next(&self, connection: &Arc<State>) {
        // Only a runtime that ends has no task at the other end.
        let _sent = self.next.send(Arc::clone(connection));
    }

    /// Writes what waits there when the interval is over.
    pub(super) fn write_later(&self, connection: &Arc<State>) {
        let _sent = self.later.send(Arc::clone(connection));
    }
}

/// Runs until there are no connections any more.
async fn write_next(mut connections: mpsc::UnboundedReceiver<Arc<State>>) {
    let mut batch = Vec::new();
    while connections.recv_many(&mut batch, CHUNK).await > 0 {
        // All that is ready to run now comes first: those who are about to write, and answers to those who wait.
        yield_now().await;
        let others = connections.len().min(CHUNK);
        if others > 0 {
            connections.recv_many(&mut batch, others).await;
        }
        for connection in batch.drain(..) {
            let mut buffer = connection.buffer();
            buffer.is_next = false;
            connection.write_out(&mut buffer);
        }
    }
}

/// The same.
async fn write_later(mut connections: mpsc::UnboundedReceiver<Arc<State>>, interval: Duration) {
    let mut batch = Vec::new();
    while connections.recv_many(&mut batch, CHUNK).await > 0 {
        sleep(interval).await;
        // Those that come from here on wait for the next interval.
        let mut others = connections.len();
        loop {
            for connection in batch.drain(..) {
                let mut buffer = connection.buffer();
                buffer.is_later = false;
                connection.write_out(&mut buffer);
            }
            if others == 0 {
                break;
            }
            yield_now().await;
            others -= connections.recv_many(&mut batch, others.min(CHUNK)).await;
        }
    }
}
