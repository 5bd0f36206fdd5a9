//! The heartbeat of a session, with Node's timing: the first ping is due an interval after the session begins, each
//! further one an interval after the last pong. A client whose pong misses the timeout is considered gone.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    /// The deadline of the next ping or, after a ping, of its pong.
    due: Pin<Box<Sleep>>,
    is_pong_awaited: bool,
    /// The client has sent something since the last ping, so its deadline has been extended once.
    is_extended: bool,
}

/// The next step of a heartbeat.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Ping,
    /// The pong missed its deadline.
    Missed,
}

impl Heartbeat {
    pub(super) fn new(interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout, due: Box::pin(sleep(interval)), is_pong_awaited: false, is_extended: false }
    }

    /// Waits until the next ping is due or, after a ping, until its pong is overdue.
    pub(super) fn poll_beat(&mut self, cx: &mut Context<'_>) -> Poll<Beat> {
        ready!(self.due.as_mut().poll(cx));
        if self.is_pong_awaited {
            return Poll::Ready(Beat::Missed);
        }
        self.is_pong_awaited = true;
        self.is_extended = false;
        self.due.as_mut().reset(Instant::now() + self.timeout);
        Poll::Ready(Beat::Ping)
    }

    /// Makes a ping due now, unless a pong is awaited already.
    pub(super) fn ping_now(&mut self) {
        if !self.is_pong_awaited {
            self.due.as_mut().reset(Instant::now());
        }
    }

    /// Notes that the client has sent something. While a pong is awaited, this restarts its timeout, once for each
    /// ping, as in Node: the pong may be queued behind a large packet.
    pub(super) fn note_received(&mut self) {
        if self.is_pong_awaited && !std::mem::replace(&mut self.is_extended, true) {
            self.due.as_mut().reset(Instant::now() + self.timeout);
        }
    }

    /// Notes a pong. An unexpected pong changes nothing.
    pub(super) fn note_pong(&mut self) {
        if std::mem::take(&mut self.is_pong_awaited) {
            self.due.as_mut().reset(Instant::now() + self.interval);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const INTERVAL: Duration = Duration::from_secs(3_600);
    const TIMEOUT: Duration = Duration::from_secs(60);

    impl Heartbeat {
        async fn beat(&mut self) -> Beat {
            poll_fn(|cx| self.poll_beat(cx)).await
        }

        /// Runs `step` at a later instant than everything before it; returns the deadline of the next beat.
        fn due_after(&mut self, step: impl FnOnce(&mut Self)) -> Instant {
            let before = Instant::now();
            while Instant::now() == before {}
            step(self);
            self.due.deadline()
        }

        /// Pings; returns the deadline of the pong.
        async fn ping(&mut self) -> Instant {
            self.ping_now();
            assert_eq!(self.beat().await, Beat::Ping);
            self.due.deadline()
        }
    }

    #[tokio::test]
    async fn an_unexpected_pong_does_not_put_off_the_next_ping() {
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT);
        let first = heartbeat.due.deadline();
        assert_eq!(heartbeat.due_after(Heartbeat::note_pong), first);
        heartbeat.ping().await;
        let answered = Instant::now();
        let next = heartbeat.due_after(Heartbeat::note_pong);
        assert!(next > answered + INTERVAL);
        assert_eq!(heartbeat.due_after(Heartbeat::note_pong), next);
        // An unexpected pong does not answer the next ping either.
        heartbeat.ping().await;
        heartbeat.due.as_mut().reset(Instant::now());
        assert_eq!(heartbeat.beat().await, Beat::Missed);
    }

    #[tokio::test]
    async fn other_packets_extend_the_pong_timeout_once_for_each_ping() {
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT);
        let first = heartbeat.due.deadline();
        assert_eq!(heartbeat.due_after(Heartbeat::note_received), first);
        for _ in 0..2 {
            let due = heartbeat.ping().await;
            let put_off = heartbeat.due_after(Heartbeat::note_received);
            assert!(put_off > due && put_off < due + INTERVAL);
            assert_eq!(heartbeat.due_after(Heartbeat::note_received), put_off);
            heartbeat.note_pong();
        }
    }

    #[tokio::test]
    async fn an_early_ping_does_not_extend_the_pong_timeout() {
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT);
        let due = heartbeat.ping().await;
        assert_eq!(heartbeat.due_after(Heartbeat::ping_now), due);
    }
}
