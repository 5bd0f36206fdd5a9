//! Accepts connections on a thread of its own. The operating system's accept queue is short. When a whole fleet of
//! clients reconnects at once while the server's threads are busy, that queue would overflow, and the system would
//! reset connections that their clients believe to be open.

use std::{
    io,
    net::{self, SocketAddr},
    thread::{self, JoinHandle},
    time::Duration,
};

use mio::{Events, Interest, Poll, Token, Waker, net::TcpListener};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::TcpStream, sync::mpsc};

/// The backlog: connections that may wait in the operating system's accept queue.
const BACKLOG: i32 = 4_096;
/// Accepted connections that may wait to be served. When there are more, the system's queue fills.
const MAX_WAITING: usize = 65_536;
/// The pause before the next attempt when the system has run out of a resource, such as file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// The tokens that wake the thread: connections wait, or the acceptor was dropped.
const CONNECTIONS: Token = Token(0);
const END: Token = Token(1);

type Accepted<P> = (net::TcpStream, P);

/// Listens until it is dropped. Each connection comes with a `P`, which `admit` made for it.
pub struct Acceptor<P> {
    address: SocketAddr,
    waiting: mpsc::Receiver<Accepted<P>>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl<P: Send + 'static> Acceptor<P> {
    /// Sets `TCP_NODELAY`, so that small packets are sent at once, and the TCP user timeout to `user_timeout`: without
    /// it, a peer that has stopped reading would hold its socket for ever. `admit` decides on each connection when it
    /// is accepted, so that connections that wait to be served count too. A connection for which it returns none is
    /// closed.
    pub fn listen(
        address: SocketAddr,
        user_timeout: Duration,
        admit: impl Fn() -> Option<P> + Send + 'static,
    ) -> io::Result<Self> {
        let socket = bind(address)?;
        socket.set_nonblocking(true)?;
        // Accepted connections inherit these options.
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_user_timeout(Some(user_timeout))?;
        socket.listen(BACKLOG)?;
        let mut listener = TcpListener::from_std(socket.into());
        let address = listener.local_addr()?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, CONNECTIONS, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), END)?;
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        let accept = move || accept_all(poll, &listener, &queue, &admit);
        let thread = thread::Builder::new().name("chatoxide-accept".to_owned()).spawn(accept)?;
        Ok(Self { address, waiting, waker, thread: Some(thread) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection. Waits for ever when there is none.
    pub async fn accept(&mut self) -> (TcpStream, P) {
        while let Some((stream, admitted)) = self.waiting.recv().await {
            match TcpStream::from_std(stream) {
                Ok(stream) => return (stream, admitted),
                Err(error) => tracing::error!(%error, "a connection could not be set up"),
            }
        }
        std::future::pending().await
    }
}

impl<P> Drop for Acceptor<P> {
    /// The port is free when this returns.
    fn drop(&mut self) {
        self.waiting.close();
        if let Err(error) = self.waker.wake() {
            return tracing::error!(%error, "the accepting thread could not be woken");
        }
        let Some(thread) = self.thread.take() else { return };
        thread.thread().unpark();
        if thread.join().is_err() {
            tracing::error!("the accepting thread panicked");
        }
    }
}

/// Checks whether an [`Acceptor`] could listen now. No client can connect meanwhile.
pub fn ensure_free(address: SocketAddr) -> io::Result<()> {
    bind(address).map(drop)
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Lets a restarted server bind the port at once, although connections of the last run are still in TIME_WAIT.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // As in Node, `::` is every address of the machine, whatever the system's default.
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Accepts connections until the acceptor is dropped.
fn accept_all<P>(
    mut poll: Poll,
    listener: &TcpListener,
    queue: &mpsc::Sender<Accepted<P>>,
    admit: &impl Fn() -> Option<P>,
) {
    let mut events = Events::with_capacity(2);
    while !queue.is_closed() {
        if let Err(error) = accept_waiting(listener, queue, admit) {
            tracing::error!(%error, "connections cannot be accepted now: trying again");
            thread::park_timeout(PAUSE);
            continue;
        }
        if let Err(error) = poll.poll(&mut events, None)
            && error.kind() != io::ErrorKind::Interrupted
        {
            return tracing::error!(%error, "connections cannot be accepted any more");
        }
    }
}

/// Accepts all connections that wait.
fn accept_waiting<P>(
    listener: &TcpListener,
    queue: &mpsc::Sender<Accepted<P>>,
    admit: &impl Fn() -> Option<P>,
) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Some(admitted) = admit()
                    && queue.blocking_send((stream.into(), admitted)).is_err()
                {
                    return Ok(());
                }
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => return Ok(()),
                // The client has disconnected already.
                io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::Interrupted => {}
                _ => return Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream as Client;

    use socket2::SockRef;

    use super::*;

    const USER_TIMEOUT: Duration = Duration::from_secs(45);

    fn anywhere() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    #[tokio::test]
    async fn the_acceptor_takes_more_connections_than_the_systems_queue_holds() {
        let mut acceptor = Acceptor::listen(anywhere(), USER_TIMEOUT, || Some(())).unwrap();
        let address = acceptor.address();
        // This thread is the only one that could serve. It connects instead, and serves nothing before all connections
        // are open.
        let clients: Vec<Client> = (0..BACKLOG + 500).map(|_| Client::connect(address).unwrap()).collect();
        for _ in &clients {
            acceptor.accept().await;
        }
    }

    #[tokio::test]
    async fn accepted_connections_have_nodelay_and_a_user_timeout() {
        let mut acceptor = Acceptor::listen(anywhere(), USER_TIMEOUT, || Some(())).unwrap();
        let _client = Client::connect(acceptor.address()).unwrap();
        let (stream, _) = acceptor.accept().await;
        assert!(stream.nodelay().unwrap());
        assert_eq!(SockRef::from(&stream).tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
    }

    #[tokio::test]
    async fn the_port_is_free_as_soon_as_it_is_dropped() {
        let acceptor = Acceptor::listen(anywhere(), USER_TIMEOUT, || Some(())).unwrap();
        let address = acceptor.address();
        let _client = Client::connect(address).unwrap();
        assert_eq!(
            Acceptor::listen(address, USER_TIMEOUT, || Some(())).err().unwrap().kind(),
            io::ErrorKind::AddrInUse
        );
        drop(acceptor);
        Acceptor::listen(address, USER_TIMEOUT, || Some(())).unwrap();
    }
}
