//! Flushes the write buffers of many connections in one go: after the next yield, or when the flush interval is over.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::yield_now, time::sleep};

use super::State;

/// Connections that are flushed before other tasks have their turn.
const CHUNK: usize = 64;

/// The channels to the tasks that flush; cheap to clone.
#[derive(Clone)]
pub(super) struct Flusher {
    // A connection is in each channel at most once.
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

    /// Flushes the connection after the next yield. Urgent packets of other connections go first, and packets that are
    /// written to this one in the meantime share its write.
    pub(super) fn write_next(&self, connection: &Arc<State>) {
        // The receiver is gone only when the runtime shuts down.
        let _sent = self.next.send(Arc::clone(connection));
    }

    /// Flushes the connection when the flush interval is over.
    pub(super) fn write_later(&self, connection: &Arc<State>) {
        let _sent = self.later.send(Arc::clone(connection));
    }
}

/// Flushes connections from the `next` channel until all senders are gone.
async fn write_next(mut connections: mpsc::UnboundedReceiver<Arc<State>>) {
    let mut batch = Vec::new();
    while connections.recv_many(&mut batch, CHUNK).await > 0 {
        // Tasks that are ready run first: some of them are about to write to these connections, or to answer waiting
        // clients.
        yield_now().await;
        let others = connections.len().min(CHUNK);
        if others > 0 {
            connections.recv_many(&mut batch, others).await;
        }
        for connection in batch.drain(..) {
            let mut buffer = connection.buffer();
            buffer.flushes_next = false;
            connection.write_out(&mut buffer);
        }
    }
}

/// Flushes connections from the `later` channel, an interval after they came, until all senders are gone.
async fn write_later(mut connections: mpsc::UnboundedReceiver<Arc<State>>, interval: Duration) {
    let mut batch = Vec::new();
    while connections.recv_many(&mut batch, CHUNK).await > 0 {
        sleep(interval).await;
        // Connections that arrive from here on wait for the next interval.
        let mut others = connections.len();
        loop {
            for connection in batch.drain(..) {
                let mut buffer = connection.buffer();
                buffer.flushes_later = false;
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
