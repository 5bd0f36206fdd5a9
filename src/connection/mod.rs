//! A client's TCP connection, with a handle on it: it can be aborted from outside, where a reader that has stalled would
//! otherwise keep its writer waiting for ever; and frequent small writes are gathered, so that many packets share one.

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

pub use acceptor::Acceptor;
use futures_util::task::AtomicWaker;
use prometheus_client::metrics::counter::Counter;
pub use route::{SocketRoute, WeakRoute};
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit};
use tokio_util::task::TaskTracker;

pub use self::stream::ClientStream;
use self::{closing::Closing, flusher::Flusher, write_buffer::WriteBuffer};
use crate::sync::lock;

/// Bytes that may wait for a client that has not signed in: pings and refusals.
pub const SEND_LIMIT_BEFORE_SIGN_IN: usize = 16 * 1_024;

/// What holds for all connections of a server.
#[derive(Clone)]
pub struct ConnectionSettings {
    /// Between two writes to a websocket that is written to all the time.
    pub flush_interval: Duration,
    /// Bytes that may wait for a websocket's peer, beside the largest packet, before it is aborted.
    pub send_limit: usize,
    /// How long a connection that was closed goes on writing what its peer has not taken yet.
    pub linger: Duration,
    /// Counts the connections that were aborted.
    pub aborted: Counter,
}

/// Makes the connections of a server.
pub struct Connections {
    settings: Arc<ConnectionSettings>,
    /// As many as threads; they take connections in turn.
    gatherers: Vec<Flusher>,
    opened: AtomicUsize,
    lingering: TaskTracker,
    closing: Arc<Closing>,
}

impl Connections {
    /// Starts the tasks that write. `lingering` tracks the connections that are closed and still being written to.
    pub fn start(settings: ConnectionSettings, lingering: TaskTracker) -> Self {
        let threads = tokio::runtime::Handle::current().metrics().num_workers();
        let gatherers = (0..threads).map(|_| Flusher::start(settings.flush_interval)).collect();
        Self {
            settings: Arc::new(settings),
            gatherers,
            opened: AtomicUsize::new(0),
            lingering,
            closing: Arc::default(),
        }
    }

    /// Aborts connections that are being closed and whose peers take nothing of what waits for them. Runs until it is dropped.
    pub async fn abort_stalled(&self) -> Infallible {
        self.closing.abort_stalled().await
    }

    /// `permit` is given back when the connection ends.
    pub fn open(&self, stream: TcpStream, permit: OwnedSemaphorePermit) -> ClientStream {
        let interval = self.settings.flush_interval;
        let turn = self.opened.fetch_add(1, Ordering::Relaxed) % self.gatherers.len().max(1);
        let flusher = self.gatherers.get(turn).cloned().unwrap_or_else(|| Flusher::start(interval));
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

/// A handle that does not count: the connection may be gone.
#[derive(Clone)]
pub struct WeakConnection(Weak<State>);

impl WeakConnection {
    /// The connection, if anybody still knows it.
    pub fn upgrade(&self) -> Option<Connection> {
        self.0.upgrade().map(Connection)
    }
}

struct State {
    is_aborted: AtomicBool,
    /// It has served a client that has signed in.
    is_trusted: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
    /// It speaks as a websocket: writes may be gathered.
    is_websocket: AtomicBool,
    /// The next write goes at once, and with it all that was gathered.
    is_urgent: AtomicBool,
    /// Gathered bytes wait until the peer takes more.
    is_stalled: AtomicBool,
    buffer: Mutex<WriteBuffer>,
    flusher: Flusher,
    settings: Arc<ConnectionSettings>,
    lingering: TaskTracker,
    closing: Arc<Closing>,
}

impl Connection {
    /// From now on reading and writing fail, also where they wait.
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

    /// Lets the task that reads look again.
    fn wake_reader(&self) {
        self.0.reader.wake();
    }

    /// Notes that it serves a client that has signed in: others make room first.
    pub fn trust(&self) {
        self.0.is_trusted.store(true, Ordering::Release);
    }

    pub fn is_trusted(&self) -> bool {
        self.0.is_trusted.load(Ordering::Acquire)
    }

    /// Bytes that may wait for its peer, beside the largest packet.
    fn send_limit(&self) -> usize {
        if self.is_trusted() { self.0.settings.send_limit } else { SEND_LIMIT_BEFORE_SIGN_IN }
    }

    pub fn downgrade(&self) -> WeakConnection {
        WeakConnection(Arc::downgrade(&self.0))
    }

    /// True if it speaks as a websocket, so that writes may be gathered.
    pub fn is_websocket(&self) -> bool {
        self.0.is_websocket.load(Ordering::Acquire)
    }

    /// From now on it speaks as a websocket.
    pub fn becomes_websocket(&self) {
        self.0.is_websocket.store(true, Ordering::Release);
    }

    /// Packets that `emit` emits to this connection go at once: somebody waits for them. Gathered ones go with them.
    pub fn flush_now<T>(&self, emit: impl FnOnce() -> T) -> T {
        self.0.is_urgent.store(true, Ordering::Release);
        let emitted = emit();
        if !self.0.is_urgent.load(Ordering::Acquire) {
            // Another thread has written since: what was emitted, or only what came before it.
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
        // A panic while it was held leaves bytes that are still to be written, as before.
        lock(&self.buffer)
    }

    /// Remembers the task to wake when the connection is aborted; an error if it is.
    fn watch(&self, waker: &AtomicWaker, context: &Context<'_>) -> io::Result<()> {
        waker.register(context.waker());
        if self.is_aborted.load(Ordering::Acquire) {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }

    /// True if the next write is to go at once: somebody waits for it.
    fn flushes_now(&self) -> bool {
        self.settings.flush_interval.is_zero() || self.is_urgent.swap(false, Ordering::AcqRel)
    }

    /// Writes gathered bytes, as far as the peer takes them. The rest is up to the connection's reader, which waits anyway.
    fn write_out(&self, buffer: &mut WriteBuffer) {
        if !buffer.try_write(Instant::now()) {
            self.stall();
        }
    }

    /// Leaves the rest to the connection's reader.
    fn stall(&self) {
        self.is_stalled.store(true, Ordering::Release);
        self.reader.wake();
    }
}

#[cfg(test)]
mod tests;
