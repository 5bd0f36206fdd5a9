//! The users that sockets watch, in memory: the rows that were stored when somebody began to watch them, and changes since.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    chat::{id::UserId, status::Status, timestamp::Timestamp},
    db::user_presence::StoredPresence,
};

#[derive(Default)]
pub(super) struct KnownUsers {
    users: HashMap<UserId, Known>,
    /// The ends of the statuses that are known.
    ends: BTreeSet<(Timestamp, UserId)>,
}

/// An absent field is not read yet. A change is newer than the row that is read.
#[derive(Default)]
struct Known {
    is_hidden: Option<bool>,
    last_seen: Option<Timestamp>,
    status: Option<Option<Arc<Status>>>,
}

impl KnownUsers {
    /// Keeps changes of the user from now on. True if what is stored is still to be read. `last_seen`: what is not
    /// written yet; it may be written, and then be forgotten elsewhere, before the rest is read.
    pub(super) fn begin(&mut self, user_id: &UserId, last_seen: Option<Timestamp>) -> bool {
        let known = self.users.entry(user_id.clone());
        let known = known.or_insert_with(|| Known { last_seen, ..Known::default() });
        known.is_hidden.is_none() || known.status.is_none()
    }

    pub(super) fn forget(&mut self, user_id: &UserId) {
        self.set_status(user_id, None);
        self.users.remove(user_id);
    }

    /// Adds what is stored of users.
    pub(super) fn fill(&mut self, user_ids: &[UserId], mut stored: HashMap<UserId, StoredPresence>) {
        for user_id in user_ids {
            let Some(known) = self.users.get_mut(user_id) else { continue };
            let stored = stored.remove(user_id).unwrap_or_default();
            known.is_hidden.get_or_insert(stored.is_hidden);
            known.last_seen = known.last_seen.max(stored.last_seen);
            if known.status.is_none() {
                self.set_status(user_id, stored.status);
            }
        }
    }

    pub(super) fn set_status(&mut self, user_id: &UserId, status: Option<Arc<Status>>) {
        let Some(known) = self.users.get_mut(user_id) else { return };
        let end = |status: &Option<Arc<Status>>| status.as_ref().and_then(|status| status.clear_at);
        if let Some(at) = known.status.as_ref().and_then(end) {
            self.ends.remove(&(at, user_id.clone()));
        }
        if let Some(at) = end(&status) {
            self.ends.insert((at, user_id.clone()));
        }
        known.status = Some(status);
    }

    pub(super) fn set_hidden(&mut self, user_id: &UserId, is_hidden: bool) {
        if let Some(known) = self.users.get_mut(user_id) {
            known.is_hidden = Some(is_hidden);
        }
    }

    pub(super) fn note_seen(&mut self, user_id: &UserId, at: Timestamp) {
        if let Some(known) = self.users.get_mut(user_id) {
            known.last_seen = known.last_seen.max(Some(at));
        }
    }

    /// Ends the statuses whose time has come; returns whose.
    pub(super) fn end_statuses(&mut self, now: Timestamp) -> Vec<UserId> {
        let mut ended = Vec::new();
        while let Some((at, user_id)) = self.ends.pop_first() {
            if at > now {
                self.ends.insert((at, user_id));
                break;
            }
            self.set_status(&user_id, None);
            ended.push(user_id);
        }
        ended
    }

    /// True once it is known that the user does not hide.
    pub(super) fn is_shown(&self, user_id: &UserId) -> bool {
        self.users.get(user_id).is_some_and(|known| known.is_hidden == Some(false))
    }

    /// The presence of a user; none until all of it is known.
    pub(super) fn find(&self, user_id: &UserId) -> Option<StoredPresence> {
        let Known { is_hidden, last_seen, status } = self.users.get(user_id)?;
        Some(StoredPresence { is_hidden: (*is_hidden)?, last_seen: *last_seen, status: status.clone()? })
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.ends.is_empty()
    }
}
