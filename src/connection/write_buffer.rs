//! A connection's write half, its buffered bytes, and its budget of immediate writes.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use tokio::{io::AsyncWrite, net::tcp::OwnedWriteHalf};

/// Immediate writes that a quiet connection has as credit, so that a short burst is not delayed.
pub(super) const BURST: u32 = 8;
/// A buffer of this many bytes is flushed at once, although the interval is not over.
const FLUSH_SIZE: usize = 64 * 1_024;
/// The first capacity of a buffer, in bytes: room for a few packets.
const INITIAL_CAPACITY: usize = 2 * 1_024;

pub(super) struct WriteBuffer {
    /// None when the connection is closed.
    half: Option<OwnedWriteHalf>,
    buffered: BytesMut,
    /// The largest single write in the buffer, in bytes.
    largest: usize,
    /// Bytes that the peer has read in all.
    accepted_bytes: u64,
    /// The buffer will be flushed after the next yield.
    pub(super) flushes_next: bool,
    /// The buffer will be flushed when the interval is over.
    pub(super) flushes_later: bool,
    /// The connection is being closed while bytes are buffered.
    is_closing: bool,
    interval: Duration,
    /// The time when all writes so far would have been made at a rate of one an interval.
    paid_until: Instant,
}

impl WriteBuffer {
    pub(super) fn new(half: OwnedWriteHalf, interval: Duration) -> Self {
        Self {
            half: Some(half),
            buffered: BytesMut::new(),
            largest: 0,
            accepted_bytes: 0,
            flushes_next: false,
            flushes_later: false,
            is_closing: false,
            interval,
            paid_until: Instant::now(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffered.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.buffered.len() >= FLUSH_SIZE
    }

    #[cfg(test)]
    pub(super) fn buffered_bytes(&self) -> usize {
        self.buffered.len()
    }

    /// True if more than `limit` bytes are buffered beside the largest write: one large answer does not prove a slow
    /// reader.
    pub(super) fn is_over(&self, limit: usize) -> bool {
        self.buffered.len() > limit.saturating_add(self.largest)
    }

    /// Bytes that the peer has read in all.
    pub(super) fn accepted_bytes(&self) -> u64 {
        self.accepted_bytes
    }

    /// True if the connection has credit for a write before the interval is over.
    pub(super) fn has_credit(&self, now: Instant) -> bool {
        self.paid_until <= now + self.interval * (BURST - 1)
    }

    fn spend_credit(&mut self, now: Instant) {
        let most = now + self.interval * BURST;
        self.paid_until = (self.paid_until.max(now) + self.interval).min(most);
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.buffered.capacity() == 0 {
            self.buffered.reserve(INITIAL_CAPACITY.max(bytes.len()));
        }
        self.buffered.extend_from_slice(bytes);
        self.largest = self.largest.max(bytes.len());
    }

    /// Writes as many of `bytes` as the peer accepts now, which is right only if the buffer is empty; returns how many.
    pub(super) fn try_write_first(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let half = self.half.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        match half.try_write(bytes) {
            Ok(written) => {
                self.accepted_bytes += written as u64;
                Ok(written)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error),
        }
    }

    pub(super) fn half(&mut self) -> io::Result<Pin<&mut OwnedWriteHalf>> {
        self.half.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// Writes the buffer; false if the peer does not accept all of it now.
    pub(super) fn try_write(&mut self, now: Instant) -> bool {
        if !self.buffered.is_empty() {
            self.spend_credit(now);
        }
        let Some(half) = &self.half else { return true };
        while !self.buffered.is_empty() {
            match half.try_write(&self.buffered) {
                Ok(written) => {
                    self.buffered.advance(written);
                    self.accepted_bytes += written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                // The connection is broken: the next read or write will find out.
                Err(_) => break,
            }
        }
        self.clear();
        true
    }

    fn clear(&mut self) {
        self.buffered = BytesMut::new();
        self.largest = 0;
    }

    /// Writes the whole buffer.
    pub(super) fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.buffered.is_empty() {
            let half = self.half.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
            let written = ready!(Pin::new(half).poll_write(cx, &self.buffered))?;
            self.buffered.advance(written);
            self.accepted_bytes += written as u64;
        }
        self.clear();
        Poll::Ready(Ok(()))
    }

    /// Notes that the connection is being closed; true the first time.
    pub(super) fn begin_closing(&mut self) -> bool {
        !std::mem::replace(&mut self.is_closing, true)
    }

    /// Closes the connection without writing anything more.
    pub(super) fn discard(&mut self) {
        self.clear();
        self.half = None;
    }
}
