//! A client's TCP connection and a handle on it. The handle can abort the connection from outside, since a peer that
//! has stopped reading would otherwise keep its writer waiting for ever. Frequent small writes are buffered and
//! coalesced, so that many packets share one system call.

mod acceptor;
mod closing;
mod flusher;
mod route;
mod stream;
mod write_buffer;

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex, MutexGuard, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Context,
    time::{Duration, Instant},
};

pub use acceptor::{Acceptor, ensure_free};
use futures_util::task::AtomicWaker;
use prometheus_client::metrics::counter::Counter;
pub use route::{Hold, SocketRoute, WeakRoute};
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit};
use tokio_util::task::TaskTracker;

pub use self::stream::ClientStream;
use self::{closing::Closing, flusher::Flusher, write_buffer::WriteBuffer};
use crate::sync::lock;

/// Bytes that may be buffered for a client that has not signed in: enough for pings and refusals.
pub const SEND_LIMIT_BEFORE_SIGN_IN: usize = 16 * 1_024;

/// The settings that all connections of a server share.
#[derive(Clone)]
pub struct ConnectionSettings {
    /// The flush interval: the time between two writes to a busy websocket.
    pub flush_interval: Duration,
    /// Bytes that may be buffered for a websocket's peer, beside the largest packet, before the connection is aborted.
    pub send_limit: usize,
    /// How long a closed connection lingers to write the bytes that its peer has not read yet.
    pub linger: Duration,
    /// Counts the connections that were aborted.
    pub aborted: Counter,
}

/// Opens the connections of a server.
pub struct Connections {
    settings: Arc<ConnectionSettings>,
    /// One flusher for each thread; connections are assigned to them in turn.
    flushers: Vec<Flusher>,
    opened: AtomicUsize,
    lingering: TaskTracker,
    closing: Arc<Closing>,
}

impl Connections {
    /// Starts the flusher tasks. `lingering` tracks the closed connections that are still being written to.
    pub fn start(settings: ConnectionSettings, lingering: TaskTracker) -> Self {
        let threads = tokio::runtime::Handle::current().metrics().num_workers();
        let flushers = (0..threads).map(|_| Flusher::start(settings.flush_interval)).collect();
        Self {
            settings: Arc::new(settings),
            flushers,
            opened: AtomicUsize::new(0),
            lingering,
            closing: Arc::default(),
        }
    }

    /// Aborts closed connections whose peers read nothing of the bytes that wait for them. Runs until it is dropped.
    pub async fn abort_stalled(&self) -> Infallible {
        self.closing.abort_stalled().await
    }

    /// Opens a connection. `permit` is released when it ends.
    pub fn open(&self, stream: TcpStream, permit: OwnedSemaphorePermit) -> ClientStream {
        let interval = self.settings.flush_interval;
        let turn = self.opened.fetch_add(1, Ordering::Relaxed) % self.flushers.len().max(1);
        let flusher = self.flushers.get(turn).cloned().unwrap_or_else(|| Flusher::start(interval));
        let (read, write) = stream.into_split();
        let state = State {
            is_aborted: AtomicBool::default(),
            is_trusted: AtomicBool::default(),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            is_websocket: AtomicBool::default(),
            is_urgent: AtomicBool::default(),
            is_stalled: AtomicBool::default(),
            buffer: Mutex::new(WriteBuffer::new(write, interval)),
            flusher,
            settings: Arc::clone(&self.settings),
            lingering: self.lingering.clone(),
            closing: Arc::clone(&self.closing),
        };
        ClientStream::new(read, Connection(Arc::new(state)), permit)
    }
}

/// The handle; cheap to clone. It does not keep the connection open.
#[derive(Clone)]
pub struct Connection(Arc<State>);

/// A weak handle: the connection may be gone.
#[derive(Clone)]
pub struct WeakConnection(Weak<State>);

impl WeakConnection {
    /// The connection, if a handle on it is left.
    pub fn upgrade(&self) -> Option<Connection> {
        self.0.upgrade().map(Connection)
    }
}

struct State {
    is_aborted: AtomicBool,
    /// The connection has served a client that has signed in.
    is_trusted: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
    /// The connection speaks WebSocket, so its writes may be buffered.
    is_websocket: AtomicBool,
    /// The next write is flushed at once, together with the bytes that are buffered before it.
    is_urgent: AtomicBool,
    /// Buffered bytes wait until the peer reads more.
    is_stalled: AtomicBool,
    buffer: Mutex<WriteBuffer>,
    flusher: Flusher,
    settings: Arc<ConnectionSettings>,
    lingering: TaskTracker,
    closing: Arc<Closing>,
}

impl Connection {
    /// Makes all reads and writes fail from now on, including those that are waiting.
    pub fn abort(&self) {
        if !self.0.is_aborted.swap(true, Ordering::AcqRel) {
            self.0.settings.aborted.inc();
        }
        self.0.reader.wake();
        self.0.writer.wake();
    }

    pub fn is_aborted(&self) -> bool {
        self.0.is_aborted.load(Ordering::Acquire)
    }

    /// Wakes the task that reads, so that it polls again.
    fn wake_reader(&self) {
        self.0.reader.wake();
    }

    /// Notes that the connection serves a client that has signed in. It is then never closed to make room for others.
    pub fn trust(&self) {
        self.0.is_trusted.store(true, Ordering::Release);
    }

    pub fn is_trusted(&self) -> bool {
        self.0.is_trusted.load(Ordering::Acquire)
    }

    /// Bytes that may be buffered for the peer, beside the largest packet.
    fn send_limit(&self) -> usize {
        if self.is_trusted() { self.0.settings.send_limit } else { SEND_LIMIT_BEFORE_SIGN_IN }
    }

    pub fn downgrade(&self) -> WeakConnection {
        WeakConnection(Arc::downgrade(&self.0))
    }

    /// True if the connection speaks WebSocket, so that its writes may be buffered.
    pub fn is_websocket(&self) -> bool {
        self.0.is_websocket.load(Ordering::Acquire)
    }

    /// Marks the connection as a websocket from now on.
    pub fn becomes_websocket(&self) {
        self.0.is_websocket.store(true, Ordering::Release);
    }

    /// Flushes the packets that `emit` emits to this connection at once, because a client waits for them. Bytes that
    /// were buffered before go with them.
    pub fn flush_now<T>(&self, emit: impl FnOnce() -> T) -> T {
        self.0.is_urgent.store(true, Ordering::Release);
        let emitted = emit();
        if !self.0.is_urgent.load(Ordering::Acquire) {
            // Another thread has written meanwhile. It may have taken the emitted packets along, or only bytes before
            // them.
            let mut buffer = self.0.buffer();
            if buffer.is_empty() {
                self.0.is_urgent.store(true, Ordering::Release);
            } else {
                self.0.write_out(&mut buffer);
            }
        }
        emitted
    }
}

impl State {
    fn buffer(&self) -> MutexGuard<'_, WriteBuffer> {
        // After a panic of an earlier holder the buffer still holds the bytes that are to be written.
        lock(&self.buffer)
    }

    /// Registers the task to wake when the connection is aborted; an error if it is aborted already.
    fn watch(&self, waker: &AtomicWaker, context: &Context<'_>) -> io::Result<()> {
        waker.register(context.waker());
        if self.is_aborted.load(Ordering::Acquire) {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }

    /// True if the next write must be flushed at once.
    fn flushes_now(&self) -> bool {
        self.settings.flush_interval.is_zero() || self.is_urgent.swap(false, Ordering::AcqRel)
    }

    /// Writes the buffered bytes, as many as the peer accepts now. The connection's reader task writes the rest, since
    /// it is waiting on the socket anyway.
    fn write_out(&self, buffer: &mut WriteBuffer) {
        if !buffer.try_write(Instant::now()) {
            self.stall();
        }
    }

    /// Leaves the rest of the buffer to the connection's reader task.
    fn stall(&self) {
        self.is_stalled.store(true, Ordering::Release);
        self.reader.wake();
    }
}

#[cfg(test)]
mod tests;
