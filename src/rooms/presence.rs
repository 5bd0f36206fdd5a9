//! Presence: the users in a room, and the join and leave events that the others are sent. When n users come back to a
//! room, that is n² packets. So above a rate these events are deferred, coalesced for each user, and dropped if they
//! cancel out.

use std::collections::HashMap;

use indexmap::IndexMap;
use tokio::time::Instant;

use super::absence::PresentSocket;
use crate::{
    broadcast::Sid,
    chat::{id::UserId, timestamp::Timestamp},
    protocol::TokenUserView,
    rate::TokenBucket,
};

/// The most users of one room whose join or leave may be deferred. Beyond that, events are dropped.
const MAX_DEFERRED: usize = 1_000;

/// A user came into a room or left it.
#[derive(Clone, Debug)]
pub(super) enum PresenceChange {
    Joined(TokenUserView),
    Left(UserId),
}

impl PresenceChange {
    pub(super) fn user_id(&self) -> &UserId {
        match self {
            Self::Joined(user) => &user.id,
            Self::Left(user_id) => user_id,
        }
    }
}

/// Whether a user's join is announced to the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Announce {
    Yes,
    No,
}

struct PresentUser {
    sockets: Vec<PresentSocket>,
    is_announced: bool,
}

/// A user whose presence has changed since the others were last sent it.
struct Deferred {
    user: TokenUserView,
    is_believed_here: bool,
    /// The number of listings before the change. A socket that is sent a listing later sees the user's state at that
    /// time, and so believes the opposite of the others.
    listings: u64,
    /// Some sockets believe one thing and some the other, so the event is sent even if it cancels out.
    is_inconsistent: bool,
}

pub(super) struct Presence {
    users: HashMap<UserId, PresentUser>,
    sockets: usize,
    /// How many times sockets were shown who is here: each does when it arrives, and when it asks.
    listings: u64,
    /// Deferred changes, oldest first.
    deferred: IndexMap<UserId, Deferred>,
    /// The rate limit: one token per packet.
    packets: TokenBucket,
}

impl Presence {
    /// `rate` is the most packets of joins and leaves that this room is sent per second.
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        Self {
            users: HashMap::new(),
            sockets: 0,
            listings: 0,
            deferred: IndexMap::new(),
            packets: TokenBucket::new(rate, now),
        }
    }

    /// True if no user is in the room.
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The number of users whose join or leave is deferred.
    pub(super) fn deferred(&self) -> usize {
        self.deferred.len()
    }

    /// The number of sockets in the room.
    pub(super) fn sockets(&self) -> usize {
        self.sockets
    }

    pub(super) fn sockets_of(&self, user_id: &UserId) -> &[PresentSocket] {
        self.users.get(user_id).map_or(&[], |user| &user.sockets)
    }

    pub(super) fn list_users(&self) -> impl Iterator<Item = &UserId> {
        self.users.keys()
    }

    /// All sockets in the room.
    pub(super) fn list_sockets(&self) -> impl Iterator<Item = Sid> {
        self.users.values().flat_map(|user| user.sockets.iter().map(|socket| socket.sid))
    }

    /// Notes that somebody was shown who is here. A deferred change that they saw does not cancel out any more.
    pub(super) fn note_listed(&mut self) {
        self.listings += 1;
    }

    /// The users whose presence is, or will be, announced to the others.
    pub(super) fn announced(&self) -> impl Iterator<Item = &UserId> {
        self.users.iter().filter(|(_, user)| user.is_announced).map(|(user_id, _)| user_id)
    }

    /// Adds a socket of a user. Returns the event that the others are to be sent now, if any.
    pub(super) fn arrive(
        &mut self,
        user: &TokenUserView,
        socket: Sid,
        announce: Announce,
        now: Instant,
    ) -> Option<PresenceChange> {
        let present = self
            .users
            .entry(user.id.clone())
            .or_insert_with(|| PresentUser { sockets: Vec::with_capacity(1), is_announced: false });
        if !present.sockets.iter().any(|there| there.sid == socket) {
            present.sockets.push(PresentSocket { sid: socket, joined: now, shown_since: None });
            self.sockets += 1;
        }
        self.listings += 1;
        if announce == Announce::No || present.is_announced {
            return None;
        }
        present.is_announced = true;
        self.change(user, (false, true), now)
    }

    /// Records that a socket in the room was sent the messages that its user may have missed since a moment.
    pub(super) fn note_shown(
        &mut self,
        user_id: &UserId,
        socket: Sid,
        since: Option<Timestamp>,
        now: Instant,
    ) {
        let user = self.users.get_mut(user_id);
        let here = user.and_then(|user| user.sockets.iter_mut().find(|there| there.sid == socket));
        if let Some(here) = here {
            (here.joined, here.shown_since) = (now, since);
        }
    }

    /// Removes a socket of a user. Returns whether it was in the room, and the event that the others are to be sent
    /// now, if any.
    pub(super) fn depart(
        &mut self,
        user: &TokenUserView,
        socket: Sid,
        now: Instant,
    ) -> (bool, Option<PresenceChange>) {
        let Some(present) = self.users.get_mut(&user.id) else { return (false, None) };
        let before = present.sockets.len();
        present.sockets.retain(|there| there.sid != socket);
        let was_here = present.sockets.len() < before;
        self.sockets -= before - present.sockets.len();
        if !present.sockets.is_empty() {
            return (was_here, None);
        }
        let was_announced = present.is_announced;
        self.users.remove(&user.id);
        (was_here, self.change(user, (was_announced, false), now))
    }

    /// Removes the users who may not stay, and returns them with their sockets.
    pub(super) fn evict(&mut self, may_stay: impl Fn(&UserId) -> bool) -> Vec<(UserId, Vec<Sid>)> {
        let evicted = self.users.extract_if(|user_id, _| !may_stay(user_id));
        let sids = |user: PresentUser| user.sockets.iter().map(|socket| socket.sid).collect();
        let evicted: Vec<(UserId, Vec<Sid>)> = evicted.map(|(user_id, user)| (user_id, sids(user))).collect();
        for (user_id, sockets) in &evicted {
            self.sockets -= sockets.len();
            self.deferred.shift_remove(user_id);
        }
        evicted
    }

    /// Takes the deferred events that the rate allows by now, oldest first.
    pub(super) fn due(&mut self, now: Instant) -> Vec<PresenceChange> {
        let mut due = Vec::new();
        while let Some((user_id, deferred)) = self.deferred.first() {
            let is_here = self.users.get(user_id).is_some_and(|user| user.is_announced);
            if deferred.is_inconsistent || is_here != deferred.is_believed_here {
                if !self.packets.take(self.sockets, now) {
                    break;
                }
                due.push(presence_change(&deferred.user, is_here));
            }
            self.deferred.shift_remove_index(0);
        }
        due
    }

    /// `is_believed_here` is the state that the others know, unless a change is deferred.
    fn change(
        &mut self,
        user: &TokenUserView,
        (is_believed_here, is_here): (bool, bool),
        now: Instant,
    ) -> Option<PresenceChange> {
        if let Some(deferred) = self.deferred.get_mut(&user.id) {
            deferred.is_inconsistent |= self.listings - u64::from(is_here) != deferred.listings;
            if deferred.is_believed_here == is_here && !deferred.is_inconsistent {
                self.deferred.shift_remove(&user.id);
            }
            return None;
        }
        // The room has no other user to send it to.
        if self.sockets == self.sockets_of(&user.id).len() {
            return None;
        }
        if self.deferred.is_empty() && self.packets.take(self.sockets, now) {
            return Some(presence_change(user, is_here));
        }
        if is_believed_here != is_here && self.deferred.len() < MAX_DEFERRED {
            let (user, listings) = (user.clone(), self.listings);
            let deferred = Deferred { user, is_believed_here, listings, is_inconsistent: false };
            self.deferred.insert(deferred.user.id.clone(), deferred);
        }
        None
    }
}

fn presence_change(user: &TokenUserView, is_here: bool) -> PresenceChange {
    if is_here { PresenceChange::Joined(user.clone()) } else { PresenceChange::Left(user.id.clone()) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn user(name: &str) -> TokenUserView {
        TokenUserView { id: name.into(), name: None }
    }

    fn names_of(changes: impl IntoIterator<Item = PresenceChange>) -> Vec<String> {
        changes
            .into_iter()
            .map(|change| match change {
                PresenceChange::Joined(user) => format!("+{}", user.id),
                PresenceChange::Left(user_id) => format!("-{user_id}"),
            })
            .collect()
    }

    #[test]
    fn changes_above_the_rate_are_deferred_and_dropped_where_they_cancel_out() {
        let start = Instant::now();
        let mut presence = Presence::new(6, start);
        let sids: Vec<Sid> = (0..6).map(|_| Sid::new()).collect();
        let names = ["a", "b", "c", "d", "e", "f"];
        let sent_at_once = names
            .iter()
            .zip(&sids)
            .filter_map(|(name, sid)| presence.arrive(&user(name), *sid, Announce::Yes, start));
        // The first join has no audience. The next two cost two and three packets; the fourth finds one token left.
        assert_eq!(names_of(sent_at_once.collect::<Vec<_>>()), ["+b", "+c"]);
        assert_eq!(presence.deferred(), 3);
        assert!(presence.due(start).is_empty());
        let (was_here, change) = presence.depart(&user("f"), sids[5], start);
        assert!(was_here && change.is_none());
        let later = start + Duration::from_secs(60);
        assert_eq!(names_of(presence.due(later)), ["+d"]);
        assert_eq!(names_of(presence.due(later + Duration::from_secs(60))), ["+e"]);
        assert_eq!((presence.deferred(), presence.sockets), (0, 5));
    }

    #[test]
    fn a_change_that_somebody_saw_on_joining_does_not_cancel_out() {
        let start = Instant::now();
        let mut presence = Presence::new(2, start);
        let (sid, later) = (Sid::new(), start + Duration::from_secs(60));
        presence.arrive(&user("a"), Sid::new(), Announce::Yes, start);
        presence.arrive(&user("b"), Sid::new(), Announce::Yes, start);
        assert!(presence.arrive(&user("c"), sid, Announce::Yes, start).is_none(), "deferred");
        // This one sees on joining that c is here.
        presence.arrive(&user("d"), Sid::new(), Announce::No, start);
        presence.depart(&user("c"), sid, start);
        assert_eq!(names_of(presence.due(later)), ["-c"]);
    }

    #[test]
    fn a_change_that_somebody_saw_in_a_list_does_not_cancel_out() {
        let start = Instant::now();
        let mut presence = Presence::new(2, start);
        let (sid, later) = (Sid::new(), start + Duration::from_secs(60));
        for name in ["a", "b"] {
            presence.arrive(&user(name), Sid::new(), Announce::Yes, start);
        }
        assert!(presence.arrive(&user("c"), sid, Announce::Yes, start).is_none(), "deferred");
        presence.note_listed();
        presence.depart(&user("c"), sid, start);
        assert_eq!(names_of(presence.due(later)), ["-c"]);
    }

    #[test]
    fn a_room_larger_than_the_rate_goes_into_debt() {
        let start = Instant::now();
        let mut presence = Presence::new(2, start);
        let sent_at_once = ["a", "b", "c", "d"]
            .map(|name| presence.arrive(&user(name), Sid::new(), Announce::Yes, start))
            .into_iter()
            .flatten();
        assert_eq!(names_of(sent_at_once), ["+b"]);
        let later = start + Duration::from_secs(60);
        assert_eq!(names_of(presence.due(later)), ["+c"]);
        assert!(presence.due(later + Duration::from_secs(1)).is_empty());
        assert_eq!(names_of(presence.due(later + Duration::from_secs(2))), ["+d"]);
    }

    #[test]
    fn a_second_socket_neither_joins_nor_leaves() {
        let now = Instant::now();
        let mut presence = Presence::new(100, now);
        presence.arrive(&user("b"), Sid::new(), Announce::Yes, now);
        let (first, second) = (Sid::new(), Sid::new());
        assert!(presence.arrive(&user("a"), first, Announce::No, now).is_none());
        assert_eq!(names_of(presence.arrive(&user("a"), second, Announce::Yes, now)), ["+a"]);
        assert!(matches!(presence.depart(&user("a"), first, now), (true, None)));
        assert_eq!(names_of(presence.depart(&user("a"), second, now).1), ["-a"]);
        assert!(!presence.is_empty());
    }
}
