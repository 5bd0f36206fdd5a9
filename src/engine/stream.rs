//! The stream that the Socket.IO library reads and writes as a websocket, whatever the client's transport is. It hides
//! the library's handshake and first ping, which Node sends in another form or later. It also gives each connected
//! client a `pid`; a client that sends one back has been connected before.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::sleep,
};
use uuid::Uuid;

use super::{
    EngineSettings, frame,
    heartbeat::{Beat, Heartbeat},
    inbound::Inbound,
    session::{Handover, Inbox, Session},
    sessions::Registration,
};
use crate::connection::{ClientStream, SocketRoute};

/// The time for which the last packets of an ended session are kept for a poll.
const LINGER: Duration = Duration::from_secs(2);

const PING: &str = "2";
const PONG: &[u8] = b"3";
const CLOSE: &[u8] = b"1";

/// A stream that the Socket.IO library accepts as a websocket.
pub struct EngineStream {
    wire: Wire,
    inbound: Inbound,
    greeting: Greeting,
    heartbeat: Heartbeat,
    route: SocketRoute,
    registration: Option<Registration>,
}

enum Wire {
    Polling(Arc<Session>),
    Websocket(ClientStream),
    Closed,
}

/// The first frames of the library that are still expected.
#[derive(Default)]
struct Greeting {
    /// The library has written its open packet, which the client got from us in another form.
    is_open: bool,
    /// The library has written its first ping, which it sends at once.
    has_pinged: bool,
    /// The library has answered CONNECT.
    is_connected: bool,
    /// The library's reader, which is to read a pong for that first ping.
    reader: Option<Waker>,
}

impl Greeting {
    fn is_over(&self) -> bool {
        self.has_pinged && self.is_connected
    }
}

impl EngineStream {
    pub(super) fn polling(
        session: Arc<Session>,
        registration: Registration,
        settings: &EngineSettings,
    ) -> Self {
        let route = session.route.clone();
        Self::new(Wire::Polling(session), route, registration, settings)
    }

    pub(super) fn websocket(
        stream: ClientStream,
        route: SocketRoute,
        registration: Registration,
        settings: &EngineSettings,
    ) -> Self {
        Self::new(Wire::Websocket(stream), route, registration, settings)
    }

    fn new(wire: Wire, route: SocketRoute, registration: Registration, settings: &EngineSettings) -> Self {
        let inbound = Inbound::new(settings.max_payload);
        let heartbeat = Heartbeat::new(settings.ping_interval, settings.ping_timeout);
        let registration = Some(registration);
        Self { wire, inbound, greeting: Greeting::default(), heartbeat, route, registration }
    }

    /// Puts bytes that were read before the handshake was answered in front of all others.
    pub(super) fn push_early_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inbound.inspect_unbuffered(bytes)
    }

    /// Switches to the websocket for reading and writing; buffered frames come first.
    fn take_over(&mut self, cx: &mut Context<'_>, handover: Handover) -> io::Result<()> {
        let Handover { mut stream, rest, inbox, outbox } = handover;
        self.inbound.count(rest.len(), self.route.is_signed_in())?;
        self.inbound.inject(&inbox);
        self.inbound.inspect_unbuffered(&rest)?;
        if !outbox.is_empty() {
            write_all(&mut stream, cx, &outbox)?;
        }
        self.wire = Wire::Websocket(stream);
        if let Some(registration) = &self.registration {
            registration.sessions.upgraded(registration.sid);
        }
        // The pong may have followed the upgrade packet directly.
        if self.inbound.take_pong() { self.note_pong(cx) } else { Ok(()) }
    }

    /// Lets the library read a packet that its client did not send.
    fn inject(&mut self, packet: &[u8]) {
        let mut frame = BytesMut::new();
        frame::put_from_client(&mut frame, frame::TEXT, packet);
        self.inbound.inject(&frame);
    }

    fn write(&mut self, cx: &mut Context<'_>, frames: &[u8]) -> io::Result<()> {
        if frames.is_empty() {
            return Ok(());
        }
        if self.route.is_aborted() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        if let Wire::Polling(session) = &self.wire {
            let Some(handover) = session.push(frames)? else { return Ok(()) };
            self.take_over(cx, *handover)?;
        }
        match &mut self.wire {
            Wire::Websocket(stream) => write_all(stream, cx, frames),
            Wire::Polling(_) | Wire::Closed => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Writes the library's first frames, without those that the client must not receive.
    fn greet(&mut self, cx: &mut Context<'_>, written: &[u8]) -> io::Result<()> {
        let mut frames = BytesMut::from(written);
        let mut forwarded = BytesMut::new();
        // The library writes whole frames only.
        while let Some((header, payload)) = frame::split(&mut frames)? {
            let greeting = &mut self.greeting;
            if !std::mem::replace(&mut greeting.is_open, true) {
                continue;
            }
            if !greeting.has_pinged && header.opcode == frame::TEXT && payload == PING.as_bytes() {
                greeting.has_pinged = true;
                greeting.reader.take().into_iter().for_each(Waker::wake);
                self.inject(PONG);
                continue;
            }
            match connected(&payload).filter(|_| header.opcode == frame::TEXT) {
                Some(with_pid) => {
                    greeting.is_connected = true;
                    frame::put(&mut forwarded, header, with_pid.as_bytes());
                }
                None => frame::put(&mut forwarded, header, &payload),
            }
        }
        forwarded.extend_from_slice(&frames);
        self.write(cx, &forwarded)
    }

    fn note_pong(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.route.note_heard();
        self.heartbeat.note_pong();
        // Poll the timer, so that it wakes this task for the next ping.
        self.poll_heartbeat(cx)
    }

    /// Pings when a ping is due; an error when the pong is overdue.
    fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.route.take_probe_request() {
            self.heartbeat.ping_now();
        }
        while let Poll::Ready(beat) = self.heartbeat.poll_beat(cx) {
            match beat {
                Beat::Ping => self.write(cx, &frame::text(PING))?,
                Beat::Missed => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
        Ok(())
    }
}

/// The answer to a CONNECT, with a `pid` for this connection. A client sends the `pid` back when it connects again. It is
/// new each time, so that it never recovers a session.
fn connected(packet: &[u8]) -> Option<String> {
    let answer = std::str::from_utf8(packet).ok()?.strip_prefix("40")?.strip_suffix('}')?;
    let payload = match answer.split_once(',') {
        Some((namespace, payload)) if namespace.starts_with('/') => payload,
        _ => answer,
    };
    payload.starts_with("{\"sid\":").then(|| format!("40{answer},\"pid\":\"{}\"}}", Uuid::new_v4().simple()))
}

/// Writes all frames at once: a websocket buffers every write, or fails above its limit.
fn write_all(stream: &mut ClientStream, cx: &mut Context<'_>, frames: &[u8]) -> io::Result<()> {
    match Pin::new(stream).poll_write(cx, frames)? {
        Poll::Ready(count) if count == frames.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

impl AsyncRead for EngineStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.poll_heartbeat(cx)?;
        if this.route.is_held() {
            this.route.watch(cx);
            if this.route.is_held() {
                return Poll::Pending;
            }
        }
        loop {
            if this.inbound.deliver(buf) {
                return Poll::Ready(Ok(()));
            }
            if !this.greeting.has_pinged {
                this.greeting.reader = Some(cx.waker().clone());
            }
            match &mut this.wire {
                Wire::Polling(session) => {
                    this.route.watch(cx);
                    if this.route.is_aborted() {
                        session.fail();
                        return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                    }
                    match ready!(session.poll_inbox(cx, buf)) {
                        Inbox::Bytes => {
                            this.heartbeat.note_received();
                            return Poll::Ready(Ok(()));
                        }
                        Inbox::End => return Poll::Ready(Ok(())),
                        Inbox::Handover(handover) => this.take_over(cx, *handover)?,
                        Inbox::Pong => this.note_pong(cx)?,
                        Inbox::ClosedByClient => this.inject(CLOSE),
                    }
                }
                Wire::Websocket(stream) => {
                    let before = buf.filled().len();
                    ready!(Pin::new(stream).poll_read(cx, buf))?;
                    let received = buf.filled().len() - before;
                    if received == 0 {
                        return Poll::Ready(Ok(()));
                    }
                    this.route.note_heard();
                    this.heartbeat.note_received();
                    this.inbound.count(received, this.route.is_signed_in())?;
                    this.inbound.inspect(buf, before)?;
                    if this.inbound.take_pong() {
                        this.note_pong(cx)?;
                    }
                    if buf.filled().len() > before {
                        return Poll::Ready(Ok(()));
                    }
                }
                Wire::Closed => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl AsyncWrite for EngineStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match (this.greeting.is_over(), &mut this.wire) {
            (true, Wire::Websocket(stream)) => Pin::new(stream).poll_write(cx, buf),
            (true, _) => Poll::Ready(this.write(cx, buf).map(|()| buf.len())),
            (false, _) => Poll::Ready(this.greet(cx, buf).map(|()| buf.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Websocket(stream) => Pin::new(stream).poll_flush(cx),
            Wire::Polling(_) | Wire::Closed => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Websocket(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Polling(_) | Wire::Closed => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for EngineStream {
    fn drop(&mut self) {
        if let Wire::Polling(session) = std::mem::replace(&mut self.wire, Wire::Closed) {
            session.abandon();
            if let Some(registration) = self.registration.take() {
                linger(session, registration);
            }
        }
    }
}

/// Keeps an ended session until a poll has taken its last packets, or the time for that is over.
pub(super) fn linger(session: Arc<Session>, registration: Registration) {
    if session.is_drained() || !session.is_polling(Instant::now()) {
        return;
    }
    tokio::spawn(async move {
        sleep(LINGER).await;
        drop(registration);
    });
}
