//! The users that sockets watch, both ways, and what each socket was last sent of each user.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use crate::{broadcast::Sid, chat::id::UserId};

pub(super) struct Watches<T> {
    /// The last that a socket was sent of each user; none until its request is answered.
    sockets: HashMap<Sid, HashMap<UserId, Option<T>>>,
    watchers: HashMap<UserId, HashSet<Sid>>,
}

impl<T> Default for Watches<T> {
    fn default() -> Self {
        Self { sockets: HashMap::new(), watchers: HashMap::new() }
    }
}

impl<T> Watches<T> {
    /// Replaces the users that a socket watches; returns those that it watched before.
    pub(super) fn replace(&mut self, sid: Sid, user_ids: &[UserId]) -> Vec<UserId> {
        let before = self.remove(sid);
        for user_id in user_ids {
            self.watchers.entry(user_id.clone()).or_default().insert(sid);
        }
        self.sockets.insert(sid, user_ids.iter().map(|user_id| (user_id.clone(), None)).collect());
        before
    }

    /// Ends the watches of a socket; returns the users that it watched.
    pub(super) fn remove(&mut self, sid: Sid) -> Vec<UserId> {
        let watched = self.sockets.remove(&sid).unwrap_or_default();
        watched
            .into_keys()
            .inspect(|user_id| {
                if let Entry::Occupied(mut sids) = self.watchers.entry(user_id.clone()) {
                    sids.get_mut().remove(&sid);
                    if sids.get().is_empty() {
                        sids.remove();
                    }
                }
            })
            .collect()
    }

    /// Ends the watch of one user by a socket.
    pub(super) fn remove_user(&mut self, sid: Sid, user_id: &UserId) {
        if let Some(watched) = self.sockets.get_mut(&sid) {
            watched.remove(user_id);
        }
        if let Entry::Occupied(mut sids) = self.watchers.entry(user_id.clone()) {
            sids.get_mut().remove(&sid);
            if sids.get().is_empty() {
                sids.remove();
            }
        }
    }

    pub(super) fn is_watched(&self, user_id: &UserId) -> bool {
        self.watchers.contains_key(user_id)
    }

    pub(super) fn watchers(&self, user_id: &UserId) -> impl Iterator<Item = Sid> {
        self.watchers.get(user_id).into_iter().flatten().copied()
    }

    pub(super) fn watched(&self, sid: Sid) -> impl Iterator<Item = &UserId> {
        self.sockets.get(&sid).into_iter().flat_map(HashMap::keys)
    }

    /// The last that the socket was sent of the user; none if it does not watch them, or was not answered yet.
    pub(super) fn sent(&mut self, sid: Sid, user_id: &UserId) -> Option<&mut T> {
        self.sockets.get_mut(&sid)?.get_mut(user_id)?.as_mut()
    }

    /// Notes what the socket is sent of a user that it watches.
    pub(super) fn note(&mut self, sid: Sid, user_id: &UserId, sent: T) {
        if let Some(last) = self.sockets.get_mut(&sid).and_then(|watched| watched.get_mut(user_id)) {
            *last = Some(sent);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.sockets.is_empty() && self.watchers.is_empty()
    }
}
