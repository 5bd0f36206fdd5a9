//! One Socket.IO client over a WebSocket, as socket.io-client speaks it: a TCP stream with a buffer for each direction, no
//! allocation for what comes and goes.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::{frame, packet::Packet};

const FIRST_INBOX: usize = 4_096;
const LARGEST_INBOX: usize = 64 << 20;

pub struct Socket {
    stream: TcpStream,
    pub inbox: Inbox,
    pub outbox: Outbox,
}

/// Received bytes that were not parsed yet: `buffer[start..end]`.
pub struct Inbox {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// Bytes that are still to be written: `buffer[written..]`.
#[derive(Default)]
pub struct Outbox {
    buffer: Vec<u8>,
    written: usize,
}

impl Socket {
    /// Opens a session of the engine, which is in no namespace yet.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let inbox = Inbox { buffer: vec![0; FIRST_INBOX], start: 0, end: 0 };
        let mut socket = Self { stream, inbox, outbox: Outbox::default() };
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        socket.outbox.buffer.extend_from_slice(request.as_bytes());
        while !socket.inbox.skip_upgrade()? {
            socket.turn().await?;
        }
        socket.wait(|packet| (packet == Packet::Open).then_some(())).await?;
        Ok(socket)
    }

    /// Opens a session and signs in.
    pub async fn sign_in(address: SocketAddr, token: &str) -> io::Result<Self> {
        let mut socket = Self::open(address).await?;
        socket.outbox.connect(token);
        socket.wait(|packet| (packet == Packet::Connected).then_some(())).await?;
        Ok(socket)
    }

    /// Passes packets over until `choose` answers.
    pub async fn wait<T>(&mut self, mut choose: impl FnMut(Packet<'_>) -> Option<T>) -> io::Result<T> {
        loop {
            while let Some(text) = self.inbox.next(&mut self.outbox)? {
                match Packet::of(text) {
                    Packet::Refused => {
                        return Err(io::Error::other(format!("refused: {}", String::from_utf8_lossy(text))));
                    }
                    packet => {
                        if let Some(answer) = choose(packet) {
                            return Ok(answer);
                        }
                    }
                }
            }
            self.turn().await?;
        }
    }

    /// Sends what is in the outbox, and waits until something came.
    pub async fn turn(&mut self) -> io::Result<()> {
        poll_fn(|context| self.poll_turn(context)).await
    }

    /// See [`Self::turn`].
    pub fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Bytes that cannot be written now are written when the stream accepts them; reading goes on meanwhile.
        if let Poll::Ready(Err(error)) = self.outbox.poll_write(&mut self.stream, context) {
            return Poll::Ready(Err(error));
        }
        self.inbox.poll_read(&mut self.stream, context)
    }
}

impl Inbox {
    /// The next text that is a packet of Socket.IO or of the engine; pings are answered and passed over.
    pub fn next(&mut self, outbox: &mut Outbox) -> io::Result<Option<&[u8]>> {
        loop {
            let Some(frame) = frame::first(self.unread())? else { return Ok(None) };
            let (start, end) = (self.start + frame.header, self.start + frame.end);
            self.start = end;
            match (frame.opcode, self.buffer.get(start..end).unwrap_or_default()) {
                (frame::TEXT, b"2") => outbox.push(|out| out.push(b'3')),
                (frame::TEXT, _) => return Ok(self.buffer.get(start..end)),
                (frame::PING, data) => frame::push(&mut outbox.buffer, frame::PONG, |out| out.extend(data)),
                (frame::CLOSE, _) => {
                    return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "closed by the server"));
                }
                _ => {}
            }
        }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether the answer to the upgrade is there, which is then passed over.
    fn skip_upgrade(&mut self) -> io::Result<bool> {
        const END: &[u8] = b"\r\n\r\n";
        let Some(length) = memchr::memmem::find(self.unread(), END) else { return Ok(false) };
        let head = self.unread().get(..length).unwrap_or_default();
        if !head.starts_with(b"HTTP/1.1 101") {
            let head = String::from_utf8_lossy(head).into_owned();
            return Err(io::Error::other(format!("no upgrade: {head}")));
        }
        self.start += length + END.len();
        Ok(true)
    }

    fn poll_read(&mut self, stream: &mut TcpStream, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.make_room()?;
        let mut free = ReadBuf::new(self.buffer.get_mut(self.end..).unwrap_or_default());
        ready!(Pin::new(stream).poll_read(context, &mut free))?;
        let read = free.filled().len();
        self.end += read;
        let closed = || io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection");
        Poll::Ready(if read == 0 { Err(closed()) } else { Ok(()) })
    }

    fn make_room(&mut self) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            if self.end >= LARGEST_INBOX {
                return Err(io::Error::other("a packet is too large"));
            }
            self.buffer.resize(self.end * 2, 0);
        }
        Ok(())
    }
}

impl Outbox {
    /// Adds a packet, whose text `write` appends.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        frame::push(&mut self.buffer, frame::TEXT, write);
    }

    pub fn push_text(&mut self, text: &str) {
        self.push(|out| out.extend_from_slice(text.as_bytes()));
    }

    pub fn connect(&mut self, token: &str) {
        self.push_text(&format!("40{{\"token\":\"{token}\"}}"));
    }

    pub fn join(&mut self, id: u64, room: &str) {
        self.push_text(&format!("42{id}[\"room:join\",\"{room}\"]"));
    }

    fn poll_write(&mut self, stream: &mut TcpStream, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.buffer.len() {
            let rest = self.buffer.get(self.written..).unwrap_or_default();
            self.written += ready!(Pin::new(&mut *stream).poll_write(context, rest))?;
        }
        self.buffer.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}
