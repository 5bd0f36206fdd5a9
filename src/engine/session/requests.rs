//! The requests of a session that are under way: a poll takes packets or waits for them, a POST brings some.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::{Phase, Session};
use crate::engine::payload;

/// A packet that lets a poll go.
const NOOP: &str = "6";
const CLOSE: &str = "1";

/// A poll under way. Dropped without an answer, its client has gone: the session ends, as in Node.
pub(in crate::engine) struct PollGuard {
    pub(super) session: Arc<Session>,
    pub(super) is_answered: bool,
}

impl PollGuard {
    /// Waits for packets, and takes them.
    pub(in crate::engine) async fn payload(mut self) -> String {
        loop {
            let release_after = self.session.lock().release_after;
            let mut payload = self.take();
            if payload.is_none() {
                let sent = self.session.sent.notified();
                match release_after {
                    None => sent.await,
                    Some(after) if timeout(after, sent).await.is_ok() => {}
                    Some(after) => payload = self.release(after),
                }
            }
            if let Some(payload) = payload {
                self.is_answered = true;
                return payload;
            }
        }
    }

    /// Lets the poll go after it has waited for so long, if the upgrade is still under way. A client that polls on has not heard
    /// the answer to its probe: it is let go less and less often.
    fn release(&self, after: Duration) -> Option<String> {
        *self.session.lock().release_after.as_mut()? = after * 2;
        self.take().or_else(|| Some(NOOP.to_owned()))
    }

    fn take(&self) -> Option<String> {
        let mut state = self.session.lock();
        if state.phase != Phase::Upgraded {
            let mut payload = payload::take(&mut state.outbox, self.session.settings.max_payload);
            if !payload.is_empty() {
                if state.phase == Phase::Over && state.outbox.is_empty() {
                    // No other poll is answered, so the client is told now.
                    payload.push(payload::SEPARATOR);
                    payload.push_str(CLOSE);
                }
                return Some(payload);
            }
        }
        match state.phase {
            Phase::Open => None,
            Phase::Upgraded | Phase::Left => Some(NOOP.to_owned()),
            Phase::Over => Some(CLOSE.to_owned()),
        }
    }
}

impl Drop for PollGuard {
    fn drop(&mut self) {
        {
            let mut state = self.session.lock();
            state.is_polled = false;
            state.last_poll = Some(Instant::now());
        }
        if !self.is_answered {
            self.session.fail();
        }
    }
}

/// A POST under way. Dropped before it is done, its client has gone: the session ends, as in Node.
pub(in crate::engine) struct PostGuard {
    pub(super) session: Arc<Session>,
    pub(super) is_done: bool,
}

impl PostGuard {
    /// The client is answered.
    pub(in crate::engine) fn finish(mut self) {
        self.is_done = true;
    }
}

impl Drop for PostGuard {
    fn drop(&mut self) {
        self.session.lock().is_posted = false;
        if !self.is_done {
            self.session.fail();
        }
    }
}
