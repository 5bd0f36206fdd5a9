//! A TCP proxy before a database or a Redis that is far away: bytes arrive later by a delay, in each direction, and
//! round trips are counted.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, mpsc},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep_until},
};

/// Chunks on their way in one direction of a connection at the most.
const ON_THEIR_WAY: usize = 1_024;

pub struct Proxy {
    address: SocketAddr,
    line: Arc<Line>,
    accepting: JoinHandle<()>,
}

/// The state that all connections through a proxy share.
#[derive(Default)]
struct Line {
    upstream: String,
    /// In each direction, in microseconds.
    delay: AtomicU64,
    round_trips: AtomicU64,
    is_closed: AtomicBool,
    refused: AtomicU64,
    closed: Notify,
}

impl Proxy {
    /// A proxy before the server that a URL names.
    pub async fn start(url: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let line = Arc::new(Line { upstream: authority(url).to_owned(), ..Line::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&line)));
        let proxy = Self { address, line, accepting };
        proxy.set_delay(delay);
        proxy
    }

    /// The same URL, by way of the proxy.
    pub fn url(&self, url: &str) -> String {
        url.replacen(authority(url), &self.address.to_string(), 1)
    }

    /// Delays all bytes that are read from now on.
    pub fn set_delay(&self, delay: Duration) {
        self.line.delay.store(delay.as_micros() as u64, Ordering::Relaxed);
    }

    /// Answers that clients have waited for, of all connections.
    pub fn round_trips(&self) -> u64 {
        self.line.round_trips.load(Ordering::Relaxed)
    }

    /// Ends all connections, and every new one at once.
    pub fn close(&self) {
        self.line.is_closed.store(true, Ordering::Relaxed);
        self.line.closed.notify_waiters();
    }

    /// New connections that were ended at once.
    pub fn refused(&self) -> u64 {
        self.line.refused.load(Ordering::Relaxed)
    }

    /// Lets connections through again.
    pub fn open(&self) {
        self.line.is_closed.store(false, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Host and port of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").unwrap().1;
    let authority = rest.split(['/', '?']).next().unwrap();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

async fn accept(listener: TcpListener, line: Arc<Line>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        if line.is_closed.load(Ordering::Relaxed) {
            line.refused.fetch_add(1, Ordering::Relaxed);
        } else {
            connections.spawn(carry(client, Arc::clone(&line)));
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn carry(client: TcpStream, line: Arc<Line>) {
    let Ok(server) = TcpStream::connect(&line.upstream).await else { return };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let is_asked = AtomicBool::new(false);
    let (asked, idle) = (|| is_asked.store(true, Ordering::Relaxed), || {});
    // The client cannot have waited for an answer that is still under way: statements that it sends meanwhile are pipelined.
    let delivered = || {
        if is_asked.swap(false, Ordering::Relaxed) {
            line.round_trips.fetch_add(1, Ordering::Relaxed);
        }
    };
    let there = pump(from_client, to_server, &line, [&asked, &idle]);
    let back = pump(from_server, to_client, &line, [&idle, &delivered]);
    tokio::select! {
        _ = async { tokio::join!(there, back) } => {}
        () = line.closed.notified() => {}
    }
}

/// Carries bytes from one end to the other. Calls `came` when it has read some, and `leaves` when it passes them on.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    line: &Line,
    [came, leaves]: [&(dyn Fn() + Sync); 2],
) {
    let (sender, mut due) = mpsc::channel::<(Instant, Vec<u8>)>(ON_THEIR_WAY);
    let read = async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            came();
            let delay = Duration::from_micros(line.delay.load(Ordering::Relaxed));
            if sender.send((Instant::now() + delay, buffer[..length].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((at, bytes)) = due.recv().await {
            sleep_until(at).await;
            leaves();
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _gone = to.shutdown().await;
    };
    tokio::join!(read, write);
}
