//! The heartbeat of a session, as Node keeps it: a ping an interval after the session begins, the next an interval after the
//! answer to it; a client that does not answer in time is gone.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    /// The next ping is due, or the answer to the last.
    due: Pin<Box<Sleep>>,
    is_awaited: bool,
}

/// The next step of a heartbeat.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Ping,
    /// The answer to a ping did not come.
    Missed,
}

impl Heartbeat {
    pub(super) fn new(interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout, due: Box::pin(sleep(interval)), is_awaited: false }
    }

    /// Waits for what is due; after a ping, for its answer.
    pub(super) fn poll_beat(&mut self, cx: &mut Context<'_>) -> Poll<Beat> {
        ready!(self.due.as_mut().poll(cx));
        if self.is_awaited {
            return Poll::Ready(Beat::Missed);
        }
        self.is_awaited = true;
        self.due.as_mut().reset(Instant::now() + self.timeout);
        Poll::Ready(Beat::Ping)
    }

    /// Makes a ping due now, unless an answer to one is awaited anyway.
    pub(super) fn hurry(&mut self) {
        if !self.is_awaited {
            self.due.as_mut().reset(Instant::now());
        }
    }

    /// The client has answered. An answer that nobody waits for changes nothing.
    pub(super) fn answered(&mut self) {
        if std::mem::take(&mut self.is_awaited) {
            self.due.as_mut().reset(Instant::now() + self.interval);
        }
    }
}
