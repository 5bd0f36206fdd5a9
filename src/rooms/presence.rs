//! Who is in a live room, and what the others are told of it. Where several come at once, news of them is told together. Telling
//! a room of n that n have come back would be n² packets, and messages go first: beyond an allowance news waits, and news that
//! has cancelled itself by then is not told at all.

use std::collections::HashMap;

use indexmap::IndexMap;
use socketioxide::socket::Sid;
use tokio::time::Instant;

use super::{allowance::Allowance, gathered::Gathered, returning::Here};
use crate::{
    chat::{id::UserId, timestamp::Timestamp},
    protocol::TokenUserView,
};

/// Pieces of news that a room is told at once, each by itself, in a second. More are told together.
const AT_ONCE: u32 = 4;
/// Pieces of news told together at the most.
const TOGETHER: usize = 256;
/// Users whose news may wait in one room beyond the allowance; of more, nobody is told.
const WAITING: usize = 1_000;

/// Something to tell the others.
#[derive(Clone, Debug)]
pub(super) enum News {
    Joined(TokenUserView),
    Left(UserId),
}

impl News {
    pub(super) fn user_id(&self) -> &UserId {
        match self {
            Self::Joined(user) => &user.id,
            Self::Left(user_id) => user_id,
        }
    }
}

/// Whether the others are told that a user is here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Announced,
    Silent,
}

/// A user who is here.
struct Present {
    sockets: Vec<Here>,
    announced: bool,
}

/// Of whom the others believe something that is no longer so.
struct Waiting {
    user: TokenUserView,
    believed_here: bool,
}

pub(super) struct Presence {
    present: HashMap<UserId, Present>,
    sockets: usize,
    /// Within the allowance: all of it is told, in order.
    gathered: Gathered<News>,
    /// Beyond the allowance.
    waiting: IndexMap<UserId, Waiting>,
    allowance: Allowance,
    /// Somebody will call [`Self::due`].
    pub(super) is_awaited: bool,
}

impl Presence {
    /// `rate`: packets of news that this room may send in a second.
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        Self {
            present: HashMap::new(),
            sockets: 0,
            gathered: Gathered::new(AT_ONCE, TOGETHER, now),
            waiting: IndexMap::new(),
            allowance: Allowance::new(rate, now),
            is_awaited: false,
        }
    }

    /// Nobody is here.
    pub(super) fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// Pieces of news that the others are still to be told.
    pub(super) fn waiting(&self) -> usize {
        self.gathered.waiting().len() + self.waiting.len()
    }

    /// Sockets of those who are here.
    pub(super) fn sockets(&self) -> usize {
        self.sockets
    }

    pub(super) fn sockets_of(&self, user_id: &UserId) -> &[Here] {
        self.present.get(user_id).map_or(&[], |present| &present.sockets)
    }

    /// All sockets that are here.
    pub(super) fn list_sockets(&self) -> impl Iterator<Item = Sid> {
        self.present.values().flat_map(|present| present.sockets.iter().map(|socket| socket.sid))
    }

    pub(super) fn is_here(&self, user_id: &UserId) -> bool {
        self.present.contains_key(user_id)
    }

    /// Those of whom the others are, or will be, told that they are here.
    pub(super) fn announced(&self) -> impl Iterator<Item = &UserId> {
        self.present.iter().filter(|(_, present)| present.announced).map(|(user_id, _)| user_id)
    }

    /// Notes a socket of a user. Whether the others are to be told what is gathered at once.
    pub(super) fn arrive(&mut self, user: &TokenUserView, socket: Sid, manner: Manner, now: Instant) -> bool {
        if self.sockets == 0 {
            // Those who were to hear of it have gone.
            self.gathered.take();
        }
        let present = self
            .present
            .entry(user.id.clone())
            .or_insert_with(|| Present { sockets: Vec::with_capacity(1), announced: false });
        if !present.sockets.iter().any(|there| there.sid == socket) {
            present.sockets.push(Here { sid: socket, joined: now, shown_since: None });
            self.sockets += 1;
        }
        if manner == Manner::Silent || present.announced {
            return false;
        }
        present.announced = true;
        self.tell(user, true, now)
    }

    /// Notes that a socket that is here was shown what its user may have missed since a moment.
    pub(super) fn note_shown(
        &mut self,
        user_id: &UserId,
        socket: Sid,
        since: Option<Timestamp>,
        now: Instant,
    ) {
        let present = self.present.get_mut(user_id);
        let here = present.and_then(|present| present.sockets.iter_mut().find(|there| there.sid == socket));
        if let Some(here) = here {
            (here.joined, here.shown_since) = (now, since);
        }
    }

    /// Forgets a socket of a user. Whether it was here, and whether the others are to be told what is gathered at once.
    pub(super) fn depart(&mut self, user: &TokenUserView, socket: Sid, now: Instant) -> (bool, bool) {
        let Some(present) = self.present.get_mut(&user.id) else { return (false, false) };
        let before = present.sockets.len();
        present.sockets.retain(|there| there.sid != socket);
        let was_here = present.sockets.len() < before;
        self.sockets -= before - present.sockets.len();
        if !present.sockets.is_empty() {
            return (was_here, false);
        }
        self.present.remove(&user.id);
        (was_here, self.tell(user, false, now))
    }

    /// Forgets the users who may not stay, and returns them with their sockets.
    pub(super) fn evict(&mut self, may_stay: impl Fn(&UserId) -> bool) -> Vec<(UserId, Vec<Sid>)> {
        let gone = self.present.extract_if(|user_id, _| !may_stay(user_id));
        let sids = |sockets: Vec<Here>| sockets.iter().map(|socket| socket.sid).collect();
        let gone: Vec<(UserId, Vec<Sid>)> =
            gone.map(|(user_id, present)| (user_id, sids(present.sockets))).collect();
        for (user_id, sockets) in &gone {
            self.sockets -= sockets.len();
            self.waiting.shift_remove(user_id);
        }
        gone
    }

    /// News waits, and nobody will come for it yet.
    pub(super) fn wants_to_be_awaited(&self) -> bool {
        self.waiting() > 0 && !self.is_awaited
    }

    /// What is gathered, to be told before something else; oldest first.
    pub(super) fn take(&mut self) -> Vec<News> {
        self.gathered.take()
    }

    /// What may be told by now of the news that waits, oldest first.
    pub(super) fn due(&mut self, now: Instant) -> Vec<News> {
        let mut due = self.gathered.due(now);
        while let Some((user_id, waiting)) = self.waiting.first() {
            let is_here = self.present.get(user_id).is_some_and(|present| present.announced);
            if is_here != waiting.believed_here {
                if !self.allowance.take(self.sockets, now) {
                    break;
                }
                due.push(news(&waiting.user, is_here));
            }
            self.waiting.shift_remove_index(0);
        }
        self.is_awaited = !self.waiting.is_empty();
        due
    }

    /// Whether the others are to be told what is gathered at once.
    fn tell(&mut self, user: &TokenUserView, is_here: bool, now: Instant) -> bool {
        if let Some(waiting) = self.waiting.get(&user.id) {
            if waiting.believed_here == is_here {
                self.waiting.shift_remove(&user.id);
            }
            return false;
        }
        // Nobody hears of it.
        if self.sockets == self.sockets_of(&user.id).len() {
            return false;
        }
        if self.waiting.is_empty() && self.allowance.take(self.sockets, now) {
            return self.gathered.note(news(user, is_here), now);
        }
        if self.waiting.len() < WAITING {
            let waiting = Waiting { user: user.clone(), believed_here: !is_here };
            self.waiting.insert(user.id.clone(), waiting);
        }
        false
    }
}

fn news(user: &TokenUserView, is_here: bool) -> News {
    if is_here { News::Joined(user.clone()) } else { News::Left(user.id.clone()) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn user(name: &str) -> TokenUserView {
        TokenUserView { id: name.into(), name: None }
    }

    fn told(news: impl IntoIterator<Item = News>) -> Vec<String> {
        news.into_iter()
            .map(|news| match news {
                News::Joined(user) => format!("+{}", user.id),
                News::Left(user_id) => format!("-{user_id}"),
            })
            .collect()
    }

    #[tokio::test]
    async fn beyond_the_allowance_news_waits_and_what_cancels_itself_is_not_told() {
        let start = Instant::now();
        let mut presence = Presence::new(6, start);
        let sids: Vec<Sid> = (0..6).map(|_| Sid::new()).collect();
        let names = ["a", "b", "c", "d", "e", "f"];
        let told_at_once: Vec<String> = names
            .iter()
            .zip(&sids)
            .flat_map(|(name, sid)| {
                let is_due = presence.arrive(&user(name), *sid, Manner::Announced, start);
                told(if is_due { presence.take() } else { Vec::new() })
            })
            .collect();
        // None, two, three, and the fourth finds one left.
        assert_eq!(told_at_once, ["+b", "+c"]);
        assert!(presence.wants_to_be_awaited());
        assert!(presence.due(start).is_empty());
        assert_eq!(presence.depart(&user("e"), sids[4], start), (true, false));
        let later = start + Duration::from_secs(60);
        assert_eq!(told(presence.due(later)), ["+d"]);
        assert_eq!(told(presence.due(later + Duration::from_secs(60))), ["+f"]);
        assert!(!presence.is_awaited);
        assert_eq!(presence.sockets, 5);
    }

    #[tokio::test]
    async fn a_room_larger_than_the_allowance_goes_into_debt() {
        let start = Instant::now();
        let mut presence = Presence::new(2, start);
        for name in ["a", "b", "c", "d"] {
            presence.arrive(&user(name), Sid::new(), Manner::Announced, start);
        }
        assert_eq!(told(presence.take()), ["+b"]);
        let later = start + Duration::from_secs(60);
        assert_eq!(told(presence.due(later)), ["+c"]);
        assert!(presence.due(later + Duration::from_secs(1)).is_empty());
        assert_eq!(told(presence.due(later + Duration::from_secs(2))), ["+d"]);
    }

    #[tokio::test]
    async fn of_several_who_come_and_go_at_once_all_is_told_together_in_order() {
        let now = Instant::now();
        let mut presence = Presence::new(1_000, now);
        let sids: Vec<Sid> = (0..8).map(|_| Sid::new()).collect();
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let is_due: Vec<bool> = names
            .iter()
            .zip(&sids)
            .map(|(name, sid)| {
                let is_due = presence.arrive(&user(name), *sid, Manner::Announced, now);
                if is_due {
                    presence.take();
                }
                is_due
            })
            .collect();
        // Nobody hears of the first.
        assert_eq!(is_due, [false, true, true, true, true, false, false, false]);
        assert_eq!(presence.depart(&user("f"), sids[5], now), (true, false));
        assert!(presence.wants_to_be_awaited());
        assert_eq!(presence.waiting(), 4);
        assert_eq!(told(presence.due(now)), ["+f", "+g", "+h", "-f"]);
        assert!(!presence.wants_to_be_awaited());
    }

    #[tokio::test]
    async fn who_comes_into_an_empty_room_hears_of_nobody_who_has_gone() {
        let now = Instant::now();
        let mut presence = Presence::new(1_000, now);
        let sids: Vec<Sid> = (0..8).map(|_| Sid::new()).collect();
        let users: Vec<TokenUserView> = ["a", "b", "c", "d", "e", "f", "g", "h"].map(user).into();
        for (user, sid) in users.iter().zip(&sids) {
            presence.arrive(user, *sid, Manner::Announced, now);
        }
        for (user, sid) in users.iter().zip(&sids) {
            presence.depart(user, *sid, now);
        }
        assert!(presence.waiting() > 0);
        presence.arrive(&user("late"), Sid::new(), Manner::Announced, now);
        assert!(told(presence.due(now)).is_empty());
    }

    #[tokio::test]
    async fn a_second_socket_neither_joins_nor_leaves() {
        let now = Instant::now();
        let mut presence = Presence::new(100, now);
        presence.arrive(&user("b"), Sid::new(), Manner::Announced, now);
        let (first, second) = (Sid::new(), Sid::new());
        assert!(!presence.arrive(&user("a"), first, Manner::Silent, now));
        assert!(presence.arrive(&user("a"), second, Manner::Announced, now));
        assert_eq!(told(presence.take()), ["+a"]);
        assert_eq!(presence.depart(&user("a"), first, now), (true, false));
        assert_eq!(presence.depart(&user("a"), second, now), (true, true));
        assert_eq!(told(presence.take()), ["-a"]);
        assert!(!presence.is_empty());
    }
}
