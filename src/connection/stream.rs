//! The stream that a connection's handle stands for.

use std::{
    io,
    pin::Pin,
    sync::atomic::Ordering,
    task::{Context, Poll, ready},
    time::Instant,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::tcp::OwnedReadHalf,
};

use super::Connection;

pub struct ClientStream {
    read: OwnedReadHalf,
    connection: Connection,
}

impl ClientStream {
    pub(super) fn new(read: OwnedReadHalf, connection: Connection) -> Self {
        Self { read, connection }
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Writes what the peer did not take when it was to be written.
    fn poll_stalled(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &self.connection.0;
        ready!(state.outgoing().poll_write_out(cx))?;
        state.is_stalled.store(false, Ordering::Release);
        Poll::Ready(Ok(()))
    }
}

impl Drop for ClientStream {
    fn drop(&mut self) {
        let state = &self.connection.0;
        state.outgoing().close();
        if let Some(sid) = state.upgrade_of.get() {
            state.upgrades.remove(sid, &self.connection);
        }
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
        if state.is_stalled.load(Ordering::Acquire) && self.poll_stalled(cx)?.is_ready() {
            self.connection.0.writer.wake();
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.read).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.connection.0.note_heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let state = &self.connection.0;
        state.watch(&state.writer, cx)?;
        let mut outgoing = state.outgoing();
        if outgoing.is_full() {
            ready!(outgoing.poll_write_out(cx))?;
        }
        let at_once = state.is_in_a_hurry();
        if at_once && outgoing.is_empty() {
            return outgoing.half()?.poll_write(cx, buf);
        }
        outgoing.gather(buf);
        if at_once || outgoing.is_full() {
            state.write_out(&mut outgoing);
        } else if !outgoing.is_next && outgoing.has_credit(Instant::now()) {
            outgoing.is_next = true;
            state.gatherer.write_next(state);
        } else if !outgoing.is_next && !outgoing.is_later {
            outgoing.is_later = true;
            state.gatherer.write_later(state);
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = &self.connection.0;
        state.watch(&state.writer, cx)?;
        if state.is_stalled.load(Ordering::Acquire) { self.poll_stalled(cx) } else { Poll::Ready(Ok(())) }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut outgoing = self.connection.0.outgoing();
        ready!(outgoing.poll_write_out(cx))?;
        outgoing.half()?.poll_shutdown(cx)
    }
}
