//! Which connection leads to a socket now: that of its handshake, or the websocket that took over from polling.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use super::Connection;

/// Websockets that take over from polling, by the id of the session that they take over.
#[derive(Default)]
pub(super) struct Upgrades(Mutex<HashMap<Box<str>, Connection>>);

impl Upgrades {
    /// The first takes over: another that names the same session while it lives is refused by the library.
    pub(super) fn insert(&self, sid: &str, connection: &Connection) {
        self.lock().entry(sid.into()).or_insert_with(|| connection.clone());
    }

    pub(super) fn remove(&self, sid: &str, connection: &Connection) {
        let mut upgrades = self.lock();
        if upgrades.get(sid).is_some_and(|there| there.is_same(connection)) {
            upgrades.remove(sid);
        }
    }

    fn get(&self, sid: &str) -> Option<Connection> {
        self.lock().get(sid).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to one socket; cheap to clone.
#[derive(Clone)]
pub struct Line(Arc<Ends>);

struct Ends {
    handshake: Connection,
    websocket: OnceLock<Connection>,
}

impl Line {
    pub fn new(handshake: Connection) -> Self {
        Self(Arc::new(Ends { handshake, websocket: OnceLock::new() }))
    }

    /// The connection of the handshake. Over polling, it may be long gone, or carry other requests.
    pub fn handshake(&self) -> &Connection {
        &self.0.handshake
    }

    /// The websocket of the socket `sid`, if it speaks over one.
    pub fn websocket(&self, sid: &str) -> Option<&Connection> {
        if self.0.handshake.0.upgrade_of.get().is_none() && self.0.handshake.is_websocket() {
            return Some(&self.0.handshake);
        }
        if self.0.websocket.get().is_none()
            && let Some(connection) = self.0.handshake.0.upgrades.get(sid)
        {
            return Some(self.0.websocket.get_or_init(|| connection));
        }
        self.0.websocket.get()
    }
}
