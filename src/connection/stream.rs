//! The stream behind a connection's handle. Before an upgrade it writes like any TCP stream. As a websocket it buffers
//! every packet at once, up to a limit, and applies backpressure: it stops reading from a peer that does not read.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Instant,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::tcp::OwnedReadHalf,
    sync::OwnedSemaphorePermit,
    time::timeout,
};

use super::{Connection, State};

/// Bytes that may be read from a websocket while its peer does not read and much is buffered for it. Without this
/// limit, answers to what is read, such as pongs, would pile up.
const READ_AHEAD: u64 = 64 * 1_024;

pub struct ClientStream {
    read: OwnedReadHalf,
    connection: Connection,
    _permit: OwnedSemaphorePermit,
    /// Bytes read since the buffer was last empty.
    read_ahead: u64,
    /// Bytes that the peer had read in all when `read_ahead` began to count.
    accepted_before: u64,
}

impl ClientStream {
    pub(super) fn new(read: OwnedReadHalf, connection: Connection, permit: OwnedSemaphorePermit) -> Self {
        Self { read, connection, _permit: permit, read_ahead: 0, accepted_before: 0 }
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Writes the bytes that the peer did not accept at an earlier write.
    fn poll_stalled(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &self.connection.0;
        ready!(state.buffer().poll_write_out(cx))?;
        state.is_stalled.store(false, Ordering::Release);
        Poll::Ready(Ok(()))
    }

    /// Backpressure: ready if this websocket may be read from. If more than half of the send limit is buffered and the
    /// read-ahead is used up, the peer has to read first.
    fn poll_may_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &self.connection.0;
        let was_stalled = state.is_stalled.load(Ordering::Acquire);
        if !was_stalled || self.poll_stalled(cx)?.is_ready() {
            if was_stalled {
                // A shutdown waits for an empty buffer, too.
                state.writer.wake();
            }
            self.read_ahead = 0;
            return Poll::Ready(Ok(()));
        }
        let buffer = self.connection.0.buffer();
        if !buffer.is_over(self.connection.send_limit() / 2) {
            return Poll::Ready(Ok(()));
        }
        let accepted_bytes = buffer.accepted_bytes();
        drop(buffer);
        if self.read_ahead == 0 {
            self.accepted_before = accepted_bytes;
        }
        // A peer that has read some bytes may send as many.
        if self.read_ahead < READ_AHEAD + (accepted_bytes - self.accepted_before) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }
}

impl State {
    /// Buffers the bytes of a websocket: they are written now, after the next yield, or when the flush interval is
    /// over.
    fn push(&self, connection: &Connection, bytes: &[u8]) -> io::Result<()> {
        let mut buffer = self.buffer();
        let limit = connection.send_limit();
        if buffer.is_over(limit) {
            self.write_out(&mut buffer);
        }
        if buffer.is_over(limit) {
            drop(buffer);
            tracing::debug!("a client does not read: its connection is aborted");
            connection.abort();
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let at_once = self.flushes_now();
        if at_once && buffer.is_empty() {
            let written = buffer.try_write_first(bytes)?;
            if let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
                buffer.push(rest);
                self.stall();
            }
            return Ok(());
        }
        buffer.push(bytes);
        if self.is_stalled.load(Ordering::Acquire) {
            // The reader task writes as soon as the peer accepts more.
        } else if at_once || buffer.is_full() {
            self.write_out(&mut buffer);
        } else if !buffer.flushes_next && buffer.has_credit(Instant::now()) {
            buffer.flushes_next = true;
            self.flusher.write_next(&connection.0);
        } else if !buffer.flushes_next && !buffer.flushes_later {
            buffer.flushes_later = true;
            self.flusher.write_later(&connection.0);
        }
        Ok(())
    }
}

/// Writes the bytes that were left when a connection was closed, for as long as the linger time lasts.
async fn linger(state: Arc<State>) {
    let write = poll_fn(|cx| {
        state.watch(&state.writer, cx)?;
        state.buffer().poll_write_out(cx)
    });
    let written = timeout(state.settings.linger, write).await;
    let mut buffer = state.buffer();
    if !matches!(written, Ok(Ok(()))) {
        tracing::debug!("a client did not read everything before its connection was closed");
    }
    buffer.discard();
}

impl Drop for ClientStream {
    fn drop(&mut self) {
        let state = &self.connection.0;
        let mut buffer = state.buffer();
        if state.is_aborted.load(Ordering::Acquire) || buffer.try_write(Instant::now()) {
            return buffer.discard();
        }
        let is_first = buffer.begin_closing();
        drop(buffer);
        if is_first {
            state.closing.add(state);
        }
        state.lingering.spawn(linger(Arc::clone(state)));
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let state = &self.connection.0;
        state.watch(&state.reader, cx)?;
        ready!(self.poll_may_read(cx))?;
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.read).poll_read(cx, buf))?;
        self.read_ahead += (buf.filled().len() - before) as u64;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let state = &self.connection.0;
        state.watch(&state.writer, cx)?;
        if self.connection.is_websocket() {
            state.push(&self.connection, buf)?;
            return Poll::Ready(Ok(buf.len()));
        }
        state.buffer().half()?.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &self.connection.0;
        // A websocket's bytes are in the buffer already: the flusher or the reader task writes them.
        state.watch(&state.writer, cx)?;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &self.connection.0;
        state.watch(&state.writer, cx)?;
        let mut buffer = state.buffer();
        if buffer.poll_write_out(cx)?.is_pending() {
            let is_first = buffer.begin_closing();
            drop(buffer);
            if is_first {
                state.closing.add(state);
            }
            return Poll::Pending;
        }
        state.reader.wake();
        buffer.half()?.poll_shutdown(cx)
    }
}
