//! Which users are online: connected to this node by any device, whichever rooms they have open. Sockets watch users, and
//! are sent who comes and goes.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use tokio::time::sleep;

use crate::{
    broadcast::{Broadcast, Encoded, Except, Sid, Target},
    chat::id::UserId,
    protocol::{UsersPresenceView, event},
    sync::lock,
};

/// A user without a connection counts as online for this long, so that a page that is loaded again, or a phone that changes
/// networks, does not go offline.
const GRACE: Duration = Duration::from_secs(5);

/// Changes are collected for this long, so that a socket is sent few packets when many users come back at once.
const COLLECTED_FOR: Duration = Duration::from_millis(500);

pub struct OnlineUsers {
    state: Mutex<State>,
    broadcast: Broadcast,
    this: Weak<Self>,
}

#[derive(Default)]
struct State {
    users: HashMap<UserId, Connections>,
    /// The sockets that watch each user.
    watchers: HashMap<UserId, HashSet<Sid>>,
    /// The users that each socket watches, and whether it was last sent that they are online.
    watched: HashMap<Sid, HashMap<UserId, bool>>,
    /// The users who came or went since the last push.
    changed: HashSet<UserId>,
}

/// The connections of a user who is online.
#[derive(Default)]
struct Connections {
    count: usize,
    /// Counts how often the last one was closed: a timer of an earlier time is void.
    absences: u64,
}

impl State {
    /// Adds a connection; true if the user was not online.
    fn connect(&mut self, user_id: &UserId) -> bool {
        let is_new = !self.users.contains_key(user_id);
        self.users.entry(user_id.clone()).or_default().count += 1;
        if is_new {
            self.changed.insert(user_id.clone());
        }
        is_new
    }

    /// Removes a connection. If it was the last one, returns the number of the absence that begins.
    fn disconnect(&mut self, user_id: &UserId) -> Option<u64> {
        let connections = self.users.get_mut(user_id)?;
        connections.count = connections.count.saturating_sub(1);
        if connections.count > 0 {
            return None;
        }
        connections.absences += 1;
        Some(connections.absences)
    }

    /// Ends the grace of an absence; true if the user is offline from now on.
    fn expire(&mut self, user_id: &UserId, absence: u64) -> bool {
        let Entry::Occupied(entry) = self.users.entry(user_id.clone()) else { return false };
        if entry.get().count > 0 || entry.get().absences != absence {
            return false;
        }
        entry.remove();
        self.changed.insert(user_id.clone());
        true
    }

    /// Replaces the users that a socket watches; returns those who are online.
    fn watch(&mut self, sid: Sid, user_ids: Vec<UserId>) -> Vec<UserId> {
        self.unwatch(sid);
        for user_id in &user_ids {
            self.watchers.entry(user_id.clone()).or_default().insert(sid);
        }
        let is_online = |user_id: &UserId| self.users.contains_key(user_id);
        let online = user_ids.iter().filter(|user_id| is_online(user_id)).cloned().collect();
        let watched = user_ids.into_iter().map(|user_id| {
            let is_online = is_online(&user_id);
            (user_id, is_online)
        });
        self.watched.insert(sid, watched.collect());
        online
    }

    fn unwatch(&mut self, sid: Sid) {
        for (user_id, _) in self.watched.remove(&sid).unwrap_or_default() {
            if let Entry::Occupied(mut sids) = self.watchers.entry(user_id) {
                sids.get_mut().remove(&sid);
                if sids.get().is_empty() {
                    sids.remove();
                }
            }
        }
    }

    /// Takes the changes that sockets are to be sent: for each, the users that came, and those that went.
    fn take_changes(&mut self) -> HashMap<Sid, (Vec<UserId>, Vec<UserId>)> {
        let mut by_socket: HashMap<Sid, (Vec<UserId>, Vec<UserId>)> = HashMap::new();
        for user_id in std::mem::take(&mut self.changed) {
            let is_online = self.users.contains_key(&user_id);
            for sid in self.watchers.get(&user_id).into_iter().flatten() {
                let sent = self.watched.get_mut(sid).and_then(|watched| watched.get_mut(&user_id));
                let Some(sent) = sent.filter(|sent| **sent != is_online) else { continue };
                *sent = is_online;
                let (came, went) = by_socket.entry(*sid).or_default();
                if is_online { came } else { went }.push(user_id.clone());
            }
        }
        by_socket
    }
}

/// A connection of a user, who is online until it is dropped, and for the grace after.
pub struct Online {
    users: Weak<OnlineUsers>,
    user_id: UserId,
}

impl Drop for Online {
    fn drop(&mut self) {
        if let Some(users) = self.users.upgrade() {
            users.disconnect(&self.user_id);
        }
    }
}

impl OnlineUsers {
    pub fn new(broadcast: Broadcast) -> Arc<Self> {
        Arc::new_cyclic(|this| Self { state: Mutex::default(), broadcast, this: Weak::clone(this) })
    }

    /// Counts a connection of the user.
    pub fn connect(&self, user_id: &UserId) -> Online {
        let mut state = lock(&self.state);
        let is_first_change = state.changed.is_empty();
        if state.connect(user_id) && is_first_change {
            self.push_later();
        }
        Online { users: Weak::clone(&self.this), user_id: user_id.clone() }
    }

    fn disconnect(&self, user_id: &UserId) {
        let Some(absence) = lock(&self.state).disconnect(user_id) else { return };
        let (this, user_id) = (Weak::clone(&self.this), user_id.clone());
        tokio::spawn(async move {
            sleep(GRACE).await;
            if let Some(online) = this.upgrade() {
                online.expire(&user_id, absence);
            }
        });
    }

    fn expire(&self, user_id: &UserId, absence: u64) {
        let mut state = lock(&self.state);
        let is_first_change = state.changed.is_empty();
        if state.expire(user_id, absence) && is_first_change {
            self.push_later();
        }
    }

    /// Returns those of the users who are online, up to a number.
    pub fn list_online<'a>(&self, users: impl Iterator<Item = &'a UserId>, most: usize) -> Vec<UserId> {
        let state = lock(&self.state);
        users.filter(|user_id| state.users.contains_key(*user_id)).take(most).cloned().collect()
    }

    /// From now on the socket is sent when these users come and go, and no others. Returns those who are online.
    pub fn watch(&self, sid: Sid, user_ids: Vec<UserId>) -> Vec<UserId> {
        lock(&self.state).watch(sid, user_ids)
    }

    /// Ends what [`Self::watch`] began, because the socket was closed.
    pub fn unwatch(&self, sid: Sid) {
        lock(&self.state).unwatch(sid);
    }

    fn push_later(&self) {
        let this = Weak::clone(&self.this);
        tokio::spawn(async move {
            sleep(COLLECTED_FOR).await;
            if let Some(online) = this.upgrade() {
                online.push();
            }
        });
    }

    fn push(&self) {
        let changes = lock(&self.state).take_changes();
        for (sid, (came, went)) in changes {
            let view = UsersPresenceView { online: &came, offline: &went };
            if let (Some(socket), Some(packet)) =
                (self.broadcast.socket(sid), Encoded::new(event::USERS_PRESENCE, &view))
            {
                self.broadcast.send(Target::Sockets(&[socket]), Except::NOBODY, &packet);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<UserId> {
        names.iter().map(|name| UserId::from(*name)).collect()
    }

    #[test]
    fn a_user_is_online_while_any_connection_is_open_and_for_the_grace_after() {
        let (mut state, anna, sid) = (State::default(), UserId::from("anna"), Sid::new());
        assert_eq!(state.watch(sid, ids(&["anna", "bob"])), ids(&[]));
        assert!(state.connect(&anna));
        assert!(!state.connect(&anna), "a second device changes nothing");
        assert_eq!(state.take_changes().remove(&sid), Some((ids(&["anna"]), ids(&[]))));
        assert_eq!(state.disconnect(&anna), None);
        let absence = state.disconnect(&anna).unwrap();
        assert!(state.take_changes().is_empty());
        assert!(!state.connect(&anna), "back within the grace");
        assert!(!state.expire(&anna, absence));
        let absence = state.disconnect(&anna).unwrap();
        assert!(!state.expire(&anna, absence - 1), "the timer of the earlier absence");
        assert!(state.expire(&anna, absence));
        assert_eq!(state.take_changes().remove(&sid), Some((ids(&[]), ids(&["anna"]))));
        assert_eq!(state.watch(sid, ids(&["anna"])), ids(&[]));
    }

    #[test]
    fn changes_that_cancel_out_are_not_sent_and_nothing_is_kept_of_those_who_left() {
        let (mut state, anna, sid) = (State::default(), UserId::from("anna"), Sid::new());
        state.watch(sid, ids(&["anna"]));
        state.connect(&anna);
        let absence = state.disconnect(&anna).unwrap();
        state.expire(&anna, absence);
        assert!(state.take_changes().is_empty());
        state.connect(&anna);
        assert_eq!(state.watch(sid, ids(&["anna"])), ids(&["anna"]));
        assert!(state.take_changes().is_empty(), "the answer said so");
        state.watch(sid, ids(&["bob"]));
        let absence = state.disconnect(&anna).unwrap();
        state.expire(&anna, absence);
        assert!(state.take_changes().is_empty(), "no longer watched");
        state.unwatch(sid);
        assert!(state.watchers.is_empty() && state.watched.is_empty() && state.changed.is_empty());
    }
}
