//! The requests of a session that are under way: a poll takes packets or waits for some, a POST brings packets.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::{Phase, Session};
use crate::engine::payload;

/// The packet that releases a waiting poll.
const NOOP: &str = "6";
const CLOSE: &str = "1";

/// A poll under way. If it is dropped unanswered, the client has disconnected: the session ends, as in Node.
pub(in crate::engine) struct PollGuard {
    pub(super) session: Arc<Session>,
    pub(super) is_answered: bool,
}

impl PollGuard {
    /// Waits for packets and takes them.
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

    /// Releases the poll once it has waited for this long, if the upgrade is still under way. A client that polls again
    /// has not received the answer to its probe yet, so the delay grows each time.
    fn release(&self, after: Duration) -> Option<String> {
        *self.session.lock().release_after.as_mut()? = after * 2;
        self.take().or_else(|| Some(NOOP.to_owned()))
    }

    fn take(&self) -> Option<String> {
        let mut state = self.session.lock();
        if state.phase != Phase::Upgraded {
            let mut payload = payload::take(&mut state.outbox, self.session.settings.max_payload);
            if !payload.is_empty() {
                if state.phase == Phase::Ended && state.outbox.is_empty() {
                    // Send the close packet now: no other poll is answered.
                    payload.push(payload::SEPARATOR);
                    payload.push_str(CLOSE);
                }
                return Some(payload);
            }
        }
        match state.phase {
            Phase::Open => None,
            Phase::Upgraded | Phase::ClosedByClient => Some(NOOP.to_owned()),
            Phase::Ended => Some(CLOSE.to_owned()),
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

/// A POST under way. If it is dropped before it is done, the client has disconnected: the session ends, as in Node.
pub(in crate::engine) struct PostGuard {
    pub(super) session: Arc<Session>,
    pub(super) is_done: bool,
}

impl PostGuard {
    /// Ends the POST, whose answer is ready.
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
