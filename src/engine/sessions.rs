//! The sessions of this server by their secret ids, and those among them whose clients have not signed in.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::session::Session;
use crate::{
    connection::{SocketRoute, WeakRoute},
    sync::lock,
};

/// The id of a session. It is secret: whoever knows it can act as the session's client. It is unrelated to the id of a
/// socket, which is public.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Sid(Uuid);

impl Sid {
    pub(super) fn new() -> Self {
        Self(Uuid::new_v4())
    }

    /// None if the text is not a valid session id.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let sid = Self(Uuid::try_parse(text).ok()?);
        // Each session has one id text: other encodings of the same bytes are refused.
        (sid.text() == text).then_some(sid)
    }

    pub(super) fn text(self) -> String {
        self.0.simple().to_string()
    }
}

/// A session that was found.
#[derive(Clone)]
pub(super) enum RegisteredSession {
    Polling(Arc<Session>),
    Websocket,
}

pub(super) struct Sessions {
    by_id: Mutex<HashMap<Sid, RegisteredSession>>,
    /// The routes of sessions whose clients had not signed in at the last check, oldest first.
    unsigned: Mutex<VecDeque<WeakRoute>>,
    max_unsigned: usize,
    warned: Mutex<Option<Instant>>,
}

/// The least time between two warnings with the same text.
const WARN_AGAIN: Duration = Duration::from_secs(60);

impl Sessions {
    pub(super) fn new(max_unsigned: usize) -> Arc<Self> {
        Arc::new(Self {
            by_id: Mutex::default(),
            unsigned: Mutex::default(),
            max_unsigned,
            warned: Mutex::default(),
        })
    }

    pub(super) fn find(&self, sid: Sid) -> Option<RegisteredSession> {
        lock(&self.by_id).get(&sid).cloned()
    }

    /// Registers a new session. When too many clients have not signed in, the oldest of their sessions end.
    pub(super) fn add(
        self: &Arc<Self>,
        sid: Sid,
        session: RegisteredSession,
        route: &SocketRoute,
    ) -> Registration {
        lock(&self.by_id).insert(sid, session);
        let mut unsigned = lock(&self.unsigned);
        if unsigned.len() >= self.max_unsigned {
            unsigned.retain(|route| route.upgrade().is_some_and(|route| !route.is_signed_in()));
            // Several end at a time, because each scan of the list costs something.
            let excess = unsigned.len().saturating_sub(self.max_unsigned - 1 - self.max_unsigned / 16);
            if unsigned.len() >= self.max_unsigned {
                self.warn();
                unsigned.drain(..excess).filter_map(|route| route.upgrade()).for_each(|route| route.abort());
            }
        }
        unsigned.push_back(route.downgrade());
        Registration { sessions: Arc::clone(self), sid }
    }

    /// Warns, at most once a minute, that too many clients have not signed in.
    fn warn(&self) {
        let mut warned = lock(&self.warned);
        if warned.is_none_or(|warned| warned.elapsed() > WARN_AGAIN) {
            *warned = Some(Instant::now());
            tracing::warn!(
                max = self.max_unsigned,
                "too many clients have not signed in: the oldest of their sessions are closed"
            );
        }
    }

    /// Notes that a session has been upgraded to a websocket.
    pub(super) fn upgraded(&self, sid: Sid) {
        if let Some(found) = lock(&self.by_id).get_mut(&sid) {
            *found = RegisteredSession::Websocket;
        }
    }

    pub(super) fn remove(&self, sid: Sid) {
        lock(&self.by_id).remove(&sid);
    }
}

/// Keeps a session registered until it is dropped.
pub(super) struct Registration {
    pub(super) sessions: Arc<Sessions>,
    pub(super) sid: Sid,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.sessions.remove(self.sid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_in_one_way_only() {
        let sid = Sid::new();
        assert!(Sid::parse(&sid.text()) == Some(sid));
        for other in [sid.0.to_string(), sid.text().to_uppercase(), String::new(), "nobody".to_owned()] {
            assert!(Sid::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn the_oldest_unsigned_sessions_are_aborted_when_there_are_too_many() {
        let sessions = Sessions::new(32);
        let routes: Vec<SocketRoute> = (0..40).map(|_| SocketRoute::default()).collect();
        routes.iter().take(4).for_each(SocketRoute::sign_in);
        let kept: Vec<Registration> = routes
            .iter()
            .map(|route| sessions.add(Sid::new(), RegisteredSession::Websocket, route))
            .collect();
        let aborted: Vec<usize> =
            (0..routes.len()).filter(|index| routes.get(*index).unwrap().is_aborted()).collect();
        // Clients that have signed in do not count, however old their sessions are.
        assert!(!aborted.is_empty() && aborted.len() <= 8, "{aborted:?}");
        assert_eq!(aborted, Vec::from_iter(4..4 + aborted.len()));
        assert!(lock(&sessions.unsigned).len() <= 32);
        drop(kept);
        assert!(lock(&sessions.by_id).is_empty());
    }
}
