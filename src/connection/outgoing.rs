//! The writing half of a connection, what waits to be written, and how often it may be written to at once.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::{io::AsyncWrite, net::tcp::OwnedWriteHalf};

/// Writes that a connection has in hand when it has been quiet: a short burst is not delayed.
pub(super) const BURST: u32 = 8;
/// Bytes that may wait here. More wait in the queue of the socket, whose length is limited and watched.
const FULL: usize = 64 * 1_024;
/// Room for what comes first and what may follow: a few packets.
const FIRST: usize = 2 * 1_024;

pub(super) struct Outgoing {
    /// None when the connection is over.
    half: Option<OwnedWriteHalf>,
    waiting: Vec<u8>,
    /// What waits is written in a moment.
    pub(super) is_next: bool,
    /// What waits is written when the interval is over.
    pub(super) is_later: bool,
    interval: Duration,
    /// When all that was written would have been written at one write an interval.
    paid_until: Instant,
}

impl Outgoing {
    pub(super) fn new(half: OwnedWriteHalf, interval: Duration) -> Self {
        Self {
            half: Some(half),
            waiting: Vec::new(),
            is_next: false,
            is_later: false,
            interval,
            paid_until: Instant::now(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= FULL
    }

    /// True if it has been quiet enough for a write before the interval is over.
    pub(super) fn has_credit(&self, now: Instant) -> bool {
        self.paid_until <= now + self.interval * (BURST - 1)
    }

    fn pay(&mut self, now: Instant) {
        let most = now + self.interval * BURST;
        self.paid_until = (self.paid_until.max(now) + self.interval).min(most);
    }

    pub(super) fn gather(&mut self, bytes: &[u8]) {
        if self.waiting.capacity() == 0 {
            self.waiting.reserve(FIRST.max(bytes.len()));
        }
        self.waiting.extend_from_slice(bytes);
    }

    pub(super) fn half(&mut self) -> io::Result<Pin<&mut OwnedWriteHalf>> {
        self.half.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// Writes what waits; false if the peer does not take all of it now.
    pub(super) fn try_write(&mut self, now: Instant) -> bool {
        if !self.waiting.is_empty() {
            self.pay(now);
        }
        let Some(half) = &self.half else { return true };
        while !self.waiting.is_empty() {
            match half.try_write(&self.waiting) {
                Ok(written) => {
                    self.waiting.drain(..written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                // The connection is broken: whoever reads or writes next finds out.
                Err(_) => break,
            }
        }
        self.waiting = Vec::new();
        true
    }

    /// Writes all that waits.
    pub(super) fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let half = self.half.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
            let written = ready!(Pin::new(half).poll_write(cx, &self.waiting))?;
            self.waiting.drain(..written);
        }
        self.waiting = Vec::new();
        Poll::Ready(Ok(()))
    }

    /// The end: what can still be written is.
    pub(super) fn close(&mut self) {
        self.try_write(Instant::now());
        self.waiting = Vec::new();
        self.half = None;
    }
}
