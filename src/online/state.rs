//! The users who are connected, those that sockets watch, and the changes that sockets are to be sent. No I/O.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{known::KnownUsers, watches::Watches};
use crate::{
    broadcast::Sid,
    chat::{id::UserId, status::Status, timestamp::Timestamp},
    db::user_presence::StoredPresence,
    protocol::{Presence, PresenceView},
};

/// The most users whose last time online waits to be written. Of more it is not kept.
const MAX_UNWRITTEN: usize = 1_000_000;

#[derive(Default)]
pub(super) struct State {
    users: HashMap<UserId, Connections>,
    /// The users that a socket watches.
    known: KnownUsers,
    /// Sockets that watch whether users are connected, and whether they were last sent that they are.
    pub(super) connected: Watches<bool>,
    /// Sockets that watch the presence of users, with a hash of what they were last sent.
    presence: Watches<u64>,
    /// The users of these sockets.
    askers: HashMap<Sid, Asker>,
    /// The users who changed since the last push.
    pub(super) changed: HashSet<UserId>,
    /// When users were last online, as far as it is not written yet.
    unwritten: HashMap<UserId, Timestamp>,
}

/// The connections of a user. One that was closed a moment ago counts.
#[derive(Default)]
struct Connections {
    count: usize,
    /// Those that are not away.
    active: usize,
    /// When a connection was last active.
    last_active: Option<Timestamp>,
}

/// The user of a socket that watches the presence of others.
struct Asker {
    user_id: UserId,
    /// When it was last ensured that the user shares a room with those others.
    checked: Option<Instant>,
}

/// The changes that sockets are to be sent, or may have to be.
#[derive(Default)]
pub(super) struct Changes {
    /// Users who came, and who went, for sockets that watch whether users are connected.
    pub(super) connected: HashMap<Sid, (Vec<UserId>, Vec<UserId>)>,
    /// Users whose presence changed.
    pub(super) presence: HashMap<Sid, Vec<UserId>>,
}

impl State {
    /// Adds a connection, which is active.
    pub(super) fn connect(&mut self, user_id: &UserId) {
        let connections = self.users.entry(user_id.clone()).or_default();
        connections.count += 1;
        connections.active += 1;
        if connections.active == 1 {
            self.changed.insert(user_id.clone());
        }
    }

    /// Removes a connection, which was active until then, unless it was away.
    pub(super) fn disconnect(&mut self, user_id: &UserId, active_until: Option<Timestamp>) {
        let Some(connections) = self.users.get_mut(user_id) else { return };
        connections.count = connections.count.saturating_sub(1);
        let is_last = connections.count == 0;
        if let Some(until) = active_until {
            self.deactivate(user_id, Some(until));
        }
        if is_last {
            self.users.remove(user_id);
            self.changed.insert(user_id.clone());
        }
    }

    pub(super) fn activate(&mut self, user_id: &UserId) {
        let Some(connections) = self.users.get_mut(user_id) else { return };
        connections.active += 1;
        if connections.active == 1 {
            self.changed.insert(user_id.clone());
        }
    }

    /// A connection is active no more. `until`: none if it never was, but for the moment in which it was made.
    pub(super) fn deactivate(&mut self, user_id: &UserId, until: Option<Timestamp>) {
        let Some(connections) = self.users.get_mut(user_id) else { return };
        connections.active = connections.active.saturating_sub(1);
        connections.last_active = connections.last_active.max(until);
        if connections.active == 0 {
            let last_active = connections.last_active;
            self.changed.insert(user_id.clone());
            if let Some(at) = last_active {
                self.note_seen(user_id, at);
            }
        }
    }

    fn note_seen(&mut self, user_id: &UserId, at: Timestamp) {
        self.known.note_seen(user_id, at);
        if self.unwritten.len() < MAX_UNWRITTEN || self.unwritten.contains_key(user_id) {
            let last = self.unwritten.entry(user_id.clone()).or_insert(at);
            *last = at.max(*last);
        }
    }

    /// Notes that all users who are online are so now.
    pub(super) fn note_all_seen(&mut self, now: Timestamp) {
        let active = self.users.iter().filter(|(_, connections)| connections.active > 0);
        let active: Vec<UserId> = active.map(|(user_id, _)| user_id.clone()).collect();
        for user_id in active {
            self.note_seen(&user_id, now);
        }
    }

    /// Returns at most `limit` users whose last time online is to be written.
    pub(super) fn list_unwritten(&self, limit: usize) -> Vec<(UserId, Timestamp)> {
        self.unwritten.iter().take(limit).map(|(user_id, at)| (user_id.clone(), *at)).collect()
    }

    /// Returns those of these users whose last time online is not written yet.
    pub(super) fn list_unwritten_of(&self, user_ids: &[UserId]) -> Vec<(UserId, Timestamp)> {
        let unwritten = |user_id: &UserId| Some((user_id.clone(), *self.unwritten.get(user_id)?));
        user_ids.iter().filter_map(unwritten).collect()
    }

    /// Forgets what is written, unless there is a later time.
    pub(super) fn note_written(&mut self, written: &[(UserId, Timestamp)]) {
        for (user_id, at) in written {
            if self.unwritten.get(user_id).is_some_and(|last| last <= at) {
                self.unwritten.remove(user_id);
            }
        }
    }

    /// True if the user is connected, whether or not they hide it.
    pub(super) fn is_connected(&self, user_id: &UserId) -> bool {
        self.users.contains_key(user_id)
    }

    /// True if others are told that the user is connected. Until it is known that they do not hide it, nobody is.
    fn is_shown_connected(&self, user_id: &UserId) -> bool {
        self.is_connected(user_id) && self.known.is_shown(user_id)
    }

    /// Replaces the users whose connections a socket watches. Returns those of whom nothing is known yet.
    pub(super) fn watch_connected(&mut self, sid: Sid, user_ids: &[UserId]) -> Vec<UserId> {
        let before = self.connected.replace(sid, user_ids);
        let unknown = self.begin_to_know(user_ids);
        self.forget(before);
        unknown
    }

    /// Replaces the users whose presence a socket watches. Returns those of whom nothing is known yet.
    pub(super) fn watch_presence(
        &mut self,
        sid: Sid,
        asker: &UserId,
        user_ids: &[UserId],
        checked: Instant,
    ) -> Vec<UserId> {
        let before = self.presence.replace(sid, user_ids);
        self.askers.insert(sid, Asker { user_id: asker.clone(), checked: Some(checked) });
        let unknown = self.begin_to_know(user_ids);
        self.forget(before);
        unknown
    }

    pub(super) fn unwatch(&mut self, sid: Sid) {
        let mut before = self.connected.remove(sid);
        before.extend(self.presence.remove(sid));
        self.askers.remove(&sid);
        self.forget(before);
    }

    fn begin_to_know(&mut self, user_ids: &[UserId]) -> Vec<UserId> {
        let mut unknown = user_ids.to_vec();
        unknown.retain(|user_id| self.known.begin(user_id, self.unwritten.get(user_id).copied()));
        unknown
    }

    /// Forgets what is known of users that no socket watches any more.
    fn forget(&mut self, user_ids: Vec<UserId>) {
        for user_id in user_ids {
            if !self.connected.is_watched(&user_id) && !self.presence.is_watched(&user_id) {
                self.known.forget(&user_id);
            }
        }
    }

    /// Adds what is stored of users.
    pub(super) fn fill(&mut self, user_ids: &[UserId], stored: HashMap<UserId, StoredPresence>) {
        self.known.fill(user_ids, stored);
    }

    /// Takes over the status that a user has set.
    pub(super) fn note_status(&mut self, user_id: &UserId, status: Option<Arc<Status>>) {
        self.known.set_status(user_id, status);
        self.changed.insert(user_id.clone());
    }

    /// Takes over whether a user hides.
    pub(super) fn note_hidden(&mut self, user_id: &UserId, is_hidden: bool) {
        self.known.set_hidden(user_id, is_hidden);
        self.changed.insert(user_id.clone());
    }

    /// Ends the statuses whose time has come.
    pub(super) fn end_statuses(&mut self, now: Timestamp) {
        let ended = self.known.end_statuses(now);
        self.changed.extend(ended);
    }

    /// The presence of a user as another user sees it, or the user themself, by what is stored.
    pub(super) fn view(
        &self,
        user_id: &UserId,
        asker: &UserId,
        stored: &StoredPresence,
        now: Timestamp,
    ) -> PresenceView {
        let hidden = PresenceView {
            user_id: user_id.clone(),
            state: Presence::Offline,
            last_seen_at: None,
            status: None,
        };
        if stored.is_hidden && user_id != asker {
            return hidden;
        }
        let state = match self.users.get(user_id) {
            None => Presence::Offline,
            Some(connections) if connections.active > 0 => Presence::Online,
            Some(_) => Presence::Away,
        };
        let last_seen = stored.last_seen.max(self.unwritten.get(user_id).copied());
        PresenceView {
            state,
            last_seen_at: last_seen.filter(|_| state != Presence::Online),
            status: stored.status.clone().filter(|status| !status.is_over(now)),
            ..hidden
        }
    }

    /// The presence of a user whom a socket watches; none until it is known.
    fn known_view(&self, user_id: &UserId, asker: &UserId, now: Timestamp) -> Option<PresenceView> {
        Some(self.view(user_id, asker, &self.known.find(user_id)?, now))
    }

    /// Answers a socket that watches whether users are connected: returns those who are.
    pub(super) fn answer_connected(&mut self, sid: Sid, user_ids: Vec<UserId>) -> Vec<UserId> {
        let mut online = Vec::new();
        for user_id in user_ids {
            let is_online = self.is_shown_connected(&user_id);
            self.connected.note(sid, &user_id, is_online);
            if is_online {
                online.push(user_id);
            }
        }
        online
    }

    /// Answers a socket that watches the presence of users.
    pub(super) fn answer_presence(
        &mut self,
        sid: Sid,
        asker: &UserId,
        user_ids: &[UserId],
        now: Timestamp,
    ) -> Vec<PresenceView> {
        let views = user_ids.iter().filter_map(|user_id| self.known_view(user_id, asker, now));
        let views: Vec<PresenceView> = views.collect();
        for view in &views {
            self.presence.note(sid, &view.user_id, hash(view));
        }
        views
    }

    /// Takes the changes that sockets may have to be sent.
    pub(super) fn take_changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        for user_id in std::mem::take(&mut self.changed) {
            let is_online = self.is_shown_connected(&user_id);
            let sids: Vec<Sid> = self.connected.watchers(&user_id).collect();
            for sid in sids {
                let sent = self.connected.sent(sid, &user_id);
                let Some(sent) = sent.filter(|sent| **sent != is_online) else { continue };
                *sent = is_online;
                let (came, went) = changes.connected.entry(sid).or_default();
                if is_online { came } else { went }.push(user_id.clone());
            }
            for sid in self.presence.watchers(&user_id) {
                changes.presence.entry(sid).or_default().push(user_id.clone());
            }
        }
        changes
    }

    /// The user of a socket, and all whom it watches, if it is time to ensure again that they share a room.
    pub(super) fn due(&self, sid: Sid, now: Instant, ttl: Duration) -> Option<(UserId, Vec<UserId>)> {
        let asker = self.askers.get(&sid)?;
        let is_due = asker.checked.is_none_or(|checked| now.duration_since(checked) >= ttl);
        is_due.then(|| (asker.user_id.clone(), self.presence.watched(sid).cloned().collect()))
    }

    /// Ends the watches of those users with whom no room is shared, and notes when that was asked.
    pub(super) fn confirm(&mut self, sid: Sid, asked: &[UserId], sharing: &HashSet<UserId>, at: Instant) {
        let Some(asker) = self.askers.get_mut(&sid) else { return };
        asker.checked = asker.checked.max(Some(at));
        let own = asker.user_id.clone();
        let strangers = asked.iter().filter(|user_id| **user_id != own && !sharing.contains(*user_id));
        let strangers: Vec<UserId> = strangers.cloned().collect();
        for user_id in &strangers {
            self.presence.remove_user(sid, user_id);
        }
        self.forget(strangers);
    }

    /// A membership of this user has ended: before anything more is sent, it is ensured that rooms are shared.
    pub(super) fn doubt(&mut self, user_id: &UserId) {
        let watchers: HashSet<Sid> = self.presence.watchers(user_id).collect();
        for (sid, asker) in &mut self.askers {
            if asker.user_id == *user_id || watchers.contains(sid) {
                asker.checked = None;
            }
        }
    }

    /// The presences of these users that the socket was not sent yet.
    pub(super) fn take_views(&mut self, sid: Sid, user_ids: &[UserId], now: Timestamp) -> Vec<PresenceView> {
        let Some(asker) = self.askers.get(&sid).map(|asker| asker.user_id.clone()) else { return Vec::new() };
        let mut views = Vec::new();
        for user_id in user_ids {
            let Some(view) = self.known_view(user_id, &asker, now) else { continue };
            let hash = hash(&view);
            let Some(sent) = self.presence.sent(sid, user_id).filter(|sent| **sent != hash) else { continue };
            *sent = hash;
            views.push(view);
        }
        views
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.connected.is_empty()
            && self.presence.is_empty()
            && self.askers.is_empty()
            && self.known.is_empty()
    }
}

fn hash(view: &PresenceView) -> u64 {
    let mut hasher = DefaultHasher::new();
    view.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
