//! A client's TCP connection, with a handle on it: it can be cut from outside, where a reader that has stalled would otherwise
//! keep its writer waiting for ever; and what is written to it all the time is gathered, so that many packets share one write.

mod acceptor;
mod gatherer;
mod line;
mod outgoing;
mod stream;

use std::{
    io,
    iter::Cycle,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Context,
    time::{Duration, Instant},
    vec,
};

pub use acceptor::Acceptor;
use futures_util::task::AtomicWaker;
pub use line::Line;
use prometheus_client::metrics::counter::Counter;
use tokio::net::TcpStream;

pub use self::stream::ClientStream;
use self::{gatherer::Gatherer, line::Upgrades, outgoing::Outgoing};

/// Makes the connections of a server.
pub struct Connections {
    interval: Duration,
    /// As many as threads; they take connections in turn.
    gatherers: Cycle<vec::IntoIter<Gatherer>>,
    upgrades: Arc<Upgrades>,
    cut: Counter,
}

impl Connections {
    /// `interval`: between two writes to a connection that is written to all the time. `cut` counts those that are cut.
    pub fn start(interval: Duration, cut: Counter) -> Self {
        let threads = tokio::runtime::Handle::current().metrics().num_workers();
        let gatherers: Vec<_> = (0..threads).map(|_| Gatherer::start(interval)).collect();
        Self { interval, gatherers: gatherers.into_iter().cycle(), upgrades: Arc::default(), cut }
    }

    pub fn open(&mut self, stream: TcpStream) -> ClientStream {
        let gatherer = self.gatherers.next().unwrap_or_else(|| Gatherer::start(self.interval));
        let (read, write) = stream.into_split();
        let state = State {
            cut: AtomicBool::default(),
            counter: self.cut.clone(),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            opened: Instant::now(),
            heard: AtomicU64::default(),
            is_websocket: AtomicBool::default(),
            is_urgent: AtomicBool::default(),
            is_stalled: AtomicBool::default(),
            outgoing: Mutex::new(Outgoing::new(write, gatherer.interval())),
            gatherer,
            upgrades: Arc::clone(&self.upgrades),
            upgrade_of: OnceLock::new(),
        };
        ClientStream::new(read, Connection(Arc::new(state)))
    }
}

/// The handle; cheap to clone. It does not keep the connection open.
#[derive(Clone)]
pub struct Connection(Arc<State>);

struct State {
    cut: AtomicBool,
    /// Counts the connections that were cut.
    counter: Counter,
    reader: AtomicWaker,
    writer: AtomicWaker,
    opened: Instant,
    /// When something was read from it last, in microseconds after it was opened.
    heard: AtomicU64,
    /// It speaks as a websocket: what is written may be gathered.
    is_websocket: AtomicBool,
    /// What is written next goes at once, and with it what was gathered.
    is_urgent: AtomicBool,
    /// What was gathered waits until the peer takes more.
    is_stalled: AtomicBool,
    outgoing: Mutex<Outgoing>,
    gatherer: Gatherer,
    upgrades: Arc<Upgrades>,
    /// The session that this websocket took over from polling.
    upgrade_of: OnceLock<Box<str>>,
}

impl Connection {
    /// From now on reading and writing fail, those that wait included.
    pub fn cut(&self) {
        if !self.0.cut.swap(true, Ordering::AcqRel) {
            self.0.counter.inc();
        }
        self.0.reader.wake();
        self.0.writer.wake();
    }

    /// From now on it speaks as a websocket, and takes over from polling if it names a session.
    pub fn becomes_websocket(&self, upgrade_of: Option<&str>) {
        self.0.is_websocket.store(true, Ordering::Release);
        if let Some(sid) = upgrade_of
            && self.0.upgrade_of.set(sid.into()).is_ok()
        {
            self.0.upgrades.insert(sid, self);
        }
    }

    /// What `emit` emits to this connection goes at once: somebody waits for it. What was gathered before goes with it.
    pub fn hurry<T>(&self, emit: impl FnOnce() -> T) -> T {
        self.0.is_urgent.store(true, Ordering::Release);
        let emitted = emit();
        if !self.0.is_urgent.load(Ordering::Acquire) {
            // Another thread has written since: what was emitted, or only what came before it.
            let mut outgoing = self.0.outgoing();
            if outgoing.is_empty() {
                self.0.is_urgent.store(true, Ordering::Release);
            } else {
                self.0.write_out(&mut outgoing);
            }
        }
        emitted
    }

    /// When something was read from it last: the peer was there.
    pub fn last_heard(&self) -> Instant {
        self.0.opened + Duration::from_micros(self.0.heard.load(Ordering::Relaxed))
    }

    fn is_websocket(&self) -> bool {
        self.0.is_websocket.load(Ordering::Acquire)
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl State {
    fn note_heard(&self) {
        let since = u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.heard.store(since, Ordering::Relaxed);
    }

    fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        // A panic while it was held leaves bytes that are still to be written, as before.
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers who to wake when it is cut; an error if it is.
    fn watch(&self, waker: &AtomicWaker, context: &Context<'_>) -> io::Result<()> {
        waker.register(context.waker());
        if self.cut.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    /// True if what is written now is to go at once: somebody waits for it.
    fn is_in_a_hurry(&self) -> bool {
        !self.is_websocket.load(Ordering::Acquire)
            || self.gatherer.interval().is_zero()
            || self.is_urgent.swap(false, Ordering::AcqRel)
    }

    /// Writes what was gathered, as far as the peer takes it. The rest is up to the connection's reader, which waits anyway.
    fn write_out(&self, outgoing: &mut Outgoing) {
        if !outgoing.try_write(Instant::now()) {
            self.is_stalled.store(true, Ordering::Release);
            self.reader.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::{outgoing::BURST, *};

    /// No test lasts that long: what is gathered waits until somebody hurries.
    const FOR_EVER: Duration = Duration::from_secs(3_600);

    /// A connection that has become a websocket, and its peer.
    async fn websocket(interval: Duration) -> (ClientStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let stream = Connections::start(interval, Counter::default()).open(stream);
        stream.connection().becomes_websocket(None);
        (stream, peer)
    }

    async fn write(stream: &mut ClientStream, bytes: impl IntoIterator<Item = u8>) {
        for byte in bytes {
            stream.write_all(&[byte]).await.unwrap();
        }
        stream.flush().await.unwrap();
    }

    async fn read(peer: &mut TcpStream, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        peer.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    fn hears_nothing(peer: &TcpStream) -> bool {
        peer.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Writes until the connection has written so much that what follows has to wait.
    async fn exhaust(stream: &mut ClientStream, peer: &mut TcpStream) {
        for _ in 0..BURST {
            write(stream, [0]).await;
            read(peer, 1).await;
        }
    }

    #[tokio::test]
    async fn a_short_burst_goes_in_a_moment_and_what_follows_it_is_gathered() {
        let (mut stream, mut peer) = websocket(FOR_EVER).await;
        for round in 0..BURST as u8 {
            // What is written in the same moment shares a write.
            write(&mut stream, [round, round]).await;
            assert!(hears_nothing(&peer));
            assert_eq!(read(&mut peer, 2).await, [round, round]);
        }
        write(&mut stream, 100..200).await;
        assert!(!stream.connection().0.outgoing().is_next);
        assert!(stream.connection().0.outgoing().is_later);
        assert!(hears_nothing(&peer));
    }

    #[tokio::test]
    async fn what_is_urgent_goes_at_once_after_all_that_was_gathered_before_it() {
        let (mut stream, mut peer) = websocket(FOR_EVER).await;
        exhaust(&mut stream, &mut peer).await;
        write(&mut stream, 0..100).await;
        stream.connection().clone().hurry(|| ());
        write(&mut stream, [100]).await;
        assert_eq!(read(&mut peer, 101).await, Vec::from_iter(0..=100));
    }

    #[tokio::test]
    async fn what_is_urgent_goes_before_what_was_written_to_others_earlier() {
        let (mut first, mut first_peer) = websocket(FOR_EVER).await;
        let (mut second, mut second_peer) = websocket(FOR_EVER).await;
        write(&mut first, [1]).await;
        second.connection().clone().hurry(|| ());
        write(&mut second, [2]).await;
        // No other task has run yet.
        assert!(second.connection().0.outgoing().is_empty());
        assert!(!first.connection().0.outgoing().is_empty());
        assert_eq!(read(&mut second_peer, 1).await, [2]);
        assert_eq!(read(&mut first_peer, 1).await, [1]);
    }

    #[tokio::test]
    async fn what_was_written_while_the_urgent_was_emitted_does_not_keep_it_back() {
        let (mut stream, mut peer) = websocket(FOR_EVER).await;
        exhaust(&mut stream, &mut peer).await;
        write(&mut stream, 0..100).await;
        let connection = stream.connection().clone();
        connection.hurry(|| {
            // Another thread writes what was emitted before; that takes the hurry along.
            assert!(connection.0.is_urgent.swap(false, Ordering::AcqRel));
            let mut outgoing = connection.0.outgoing();
            outgoing.gather(&[100]);
        });
        assert_eq!(read(&mut peer, 101).await, Vec::from_iter(0..=100));
    }

    #[tokio::test]
    async fn what_was_gathered_goes_when_the_interval_is_over() {
        let (mut stream, mut peer) = websocket(Duration::from_millis(1)).await;
        for _ in 0..3 {
            write(&mut stream, 0..200).await;
            assert_eq!(read(&mut peer, 200).await, Vec::from_iter(0..200));
        }
    }

    #[tokio::test]
    async fn what_is_no_websocket_and_an_interval_of_nothing_gather_nothing() {
        let (mut stream, mut peer) = websocket(Duration::ZERO).await;
        write(&mut stream, 0..200).await;
        assert_eq!(read(&mut peer, 200).await, Vec::from_iter(0..200));

        let (mut stream, mut peer) = websocket(FOR_EVER).await;
        stream.connection().0.is_websocket.store(false, Ordering::Release);
        write(&mut stream, 0..200).await;
        assert_eq!(read(&mut peer, 200).await, Vec::from_iter(0..200));
    }

    #[tokio::test]
    async fn the_end_comes_after_what_was_gathered() {
        for shuts_down in [true, false] {
            let (mut stream, mut peer) = websocket(FOR_EVER).await;
            write(&mut stream, 0..200).await;
            if shuts_down {
                stream.shutdown().await.unwrap();
            } else {
                drop(stream);
            }
            let mut heard = Vec::new();
            peer.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, Vec::from_iter(0..200));
        }
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_for_a_while_misses_nothing() {
        const PIECE: [u8; 1_000] = [7; 1_000];
        let (stream, mut peer) = websocket(FOR_EVER).await;
        let connection = stream.connection().clone();
        // It writes as fast as it may, and reads all the time, as a websocket does.
        let (mut reading, mut writing) = tokio::io::split(stream);
        let reader = tokio::spawn(async move { reading.read_u8().await });
        let writer = tokio::spawn(async move {
            for number in 0..20_000_u32 {
                writing.write_all(&number.to_be_bytes()).await.unwrap();
                writing.write_all(&PIECE).await.unwrap();
                writing.flush().await.unwrap();
            }
            writing.shutdown().await.unwrap();
        });
        // The system's buffers are full: from here on nothing moves until the peer reads.
        while !connection.0.is_stalled.load(Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
        assert!(!writer.is_finished());
        for number in 0..20_000_u32 {
            assert_eq!(read(&mut peer, 4).await, number.to_be_bytes());
            assert_eq!(read(&mut peer, PIECE.len()).await, PIECE);
        }
        writer.await.unwrap();
        peer.write_u8(1).await.unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), 1);
    }

    #[tokio::test]
    async fn a_cut_ends_reading_and_writing_even_where_they_wait() {
        let (stream, _peer) = websocket(FOR_EVER).await;
        let connection = stream.connection().clone();
        let (mut reading, mut writing) = tokio::io::split(stream);
        let reader = tokio::spawn(async move { reading.read_u8().await });
        let writer = tokio::spawn(async move {
            loop {
                if let Err(error) = writing.write_all(&[0; 100_000]).await {
                    return error;
                }
            }
        });
        tokio::task::yield_now().await;
        connection.cut();
        assert_eq!(reader.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(writer.await.unwrap().kind(), io::ErrorKind::ConnectionAborted);
    }

    #[tokio::test]
    async fn a_socket_that_was_upgraded_is_found_on_its_websocket_while_that_lives() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut connections = Connections::start(FOR_EVER, Counter::default());
        let mut open = async || {
            let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            (connections.open(listener.accept().await.unwrap().0), peer)
        };
        let (polling, _one) = open().await;
        let (websocket, _two) = open().await;
        let (late, _three) = open().await;

        let line = Line::new(polling.connection().clone());
        assert!(line.websocket("sid").is_none());
        websocket.connection().becomes_websocket(Some("sid"));
        late.connection().becomes_websocket(Some("sid"));
        assert!(line.websocket("other").is_none());
        assert!(line.websocket("sid").unwrap().is_same(websocket.connection()));

        // Over, it is not found by anybody who has not known it before.
        drop(websocket);
        assert!(Line::new(polling.connection().clone()).websocket("sid").is_none());
    }
}
