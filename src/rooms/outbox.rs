//! A room's outbox: an ordered buffer of the packets that its sockets are to be sent. Waking a socket costs more than a
//! packet does, so above a rate packets wait and are sent in a batch. The buffer guarantees the order, whatever its
//! callers do: a packet is never sent before an earlier one. A user who joined, or was sent some packets ahead, has a
//! position past those and gets only later ones.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::{
    broadcast::{Encoded, Sid},
    chat::id::UserId,
    rate::TokenBucket,
};

/// The class of a packet. Each class has its own rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// An entry of the room's log.
    Entry,
    /// A user joined or left.
    Presence,
    /// Ephemeral state that is not in the log: typing, reading.
    Ephemeral,
}

/// The sockets in the room that are not to be sent a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Excluded {
    User(UserId),
    Socket(Sid),
}

/// When the pending packets are to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flush {
    Now,
    /// The caller must call [`Outbox::wake`] at this time.
    At(Instant),
    /// A running timer ends early enough.
    Scheduled,
}

/// The next step after a timer has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    Flush,
    Sleep(Instant),
    /// Another timer has replaced this one, or nothing waits.
    End,
}

/// How often packets of a class are sent at once, and how long they wait above that.
#[derive(Clone, Copy)]
pub(super) struct FlushPolicy {
    /// Flushes per second.
    pub(super) rate: u32,
    pub(super) interval: Duration,
    /// The most packets that may wait. When it is reached, all are sent.
    pub(super) capacity: usize,
}

/// How often the packets of each class are sent.
#[derive(Clone, Copy)]
pub(super) struct FlushPolicies {
    pub(super) entry: FlushPolicy,
    pub(super) presence: FlushPolicy,
    pub(super) ephemeral: FlushPolicy,
}

struct ClassState {
    policy: FlushPolicy,
    bucket: TokenBucket,
    /// The number of pending packets.
    pending: usize,
}

impl ClassState {
    fn new(policy: FlushPolicy, now: Instant) -> Self {
        Self { policy, bucket: TokenBucket::new(policy.rate, now), pending: 0 }
    }
}

struct Pending {
    packet: Encoded,
    excluded: Option<Excluded>,
}

/// A packet for all sockets in the room, with exceptions.
pub(super) struct Delivery {
    pub(super) packet: Encoded,
    pub(super) except_users: Vec<UserId>,
    pub(super) except_socket: Option<Sid>,
}

pub(super) struct Outbox {
    /// The pending packets, oldest first.
    pending: Vec<Pending>,
    /// For each user, the number of leading pending packets that are not to be sent: the user got them, or was not in
    /// the room.
    positions: HashMap<UserId, usize>,
    entry: ClassState,
    presence: ClassState,
    ephemeral: ClassState,
    /// The time by which the pending packets are to be sent.
    deadline: Option<Instant>,
    /// The time by which the caller wants to be woken, whether packets wait or not.
    reminder: Option<Instant>,
    /// When the current timer ends.
    timer: Option<Instant>,
}

impl Outbox {
    pub(super) fn new(policies: FlushPolicies, now: Instant) -> Self {
        Self {
            pending: Vec::new(),
            positions: HashMap::new(),
            entry: ClassState::new(policies.entry, now),
            presence: ClassState::new(policies.presence, now),
            ephemeral: ClassState::new(policies.ephemeral, now),
            deadline: None,
            reminder: None,
            timer: None,
        }
    }

    /// The number of pending packets of a class.
    pub(super) fn pending(&self, class: Class) -> usize {
        match class {
            Class::Entry => self.entry.pending,
            Class::Presence => self.presence.pending,
            Class::Ephemeral => self.ephemeral.pending,
        }
    }

    fn classes(&mut self) -> [&mut ClassState; 3] {
        [&mut self.entry, &mut self.presence, &mut self.ephemeral]
    }

    /// Adds a packet for the sockets in the room, except `not`.
    pub(super) fn push(
        &mut self,
        class: Class,
        packet: Encoded,
        excluded: Option<Excluded>,
        now: Instant,
    ) -> Flush {
        let state = match class {
            Class::Entry => &mut self.entry,
            Class::Presence => &mut self.presence,
            Class::Ephemeral => &mut self.ephemeral,
        };
        // If others of the class wait, this one waits with them: only a batch saves wake-ups.
        let is_allowed = state.pending == 0 && state.bucket.take(1, now);
        state.pending += 1;
        let is_full = state.pending >= state.policy.capacity;
        let deadline = now + state.policy.interval;
        self.pending.push(Pending { packet, excluded });
        if is_allowed || is_full {
            return Flush::Now;
        }
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
        self.schedule(deadline)
    }

    /// Adds a log entry that does not wait, and flushes it with all packets before it.
    pub(super) fn push_and_flush(&mut self, packet: Encoded) -> Vec<Delivery> {
        self.pending.push(Pending { packet, excluded: None });
        self.flush()
    }

    /// Schedules a [`Wake::Flush`] by this time, also if no packet waits.
    pub(super) fn remind(&mut self, at: Instant) -> Flush {
        let at = self.reminder.map_or(at, |earlier| earlier.min(at));
        self.reminder = Some(at);
        self.schedule(at)
    }

    fn schedule(&mut self, at: Instant) -> Flush {
        if self.timer.is_some_and(|timer| timer <= at) {
            return Flush::Scheduled;
        }
        self.timer = Some(at);
        Flush::At(at)
    }

    /// Called when a timer ends, with the time for which it was set. [`Wake::Flush`] forgets the reminder.
    pub(super) fn wake(&mut self, timer: Instant, now: Instant) -> Wake {
        if self.timer != Some(timer) {
            return Wake::End;
        }
        self.timer = self.deadline.into_iter().chain(self.reminder).min();
        match self.timer {
            None => Wake::End,
            Some(next) if next > now => Wake::Sleep(next),
            Some(_) => {
                (self.timer, self.reminder) = (None, None);
                // A batch counts against the rate, too.
                for class in self.classes().into_iter().filter(|class| class.pending > 0) {
                    class.bucket.take(1, now);
                }
                Wake::Flush
            }
        }
    }

    /// Returns the pending packets that a user has not been sent, each with the socket that it is not for, and moves
    /// the user's position past them.
    pub(super) fn catch_up(&mut self, user_id: &UserId) -> Vec<(Encoded, Option<Sid>)> {
        let count = self.pending.len();
        if count == 0 {
            return Vec::new();
        }
        let position = self.positions.insert(user_id.clone(), count).unwrap_or(0);
        let missed = self.pending.iter().skip(position);
        missed
            .filter_map(|pending| match &pending.excluded {
                Some(Excluded::User(excluded)) if excluded == user_id => None,
                Some(Excluded::Socket(sid)) => Some((pending.packet.clone(), Some(*sid))),
                _ => Some((pending.packet.clone(), None)),
            })
            .collect()
    }

    /// Takes all pending packets, oldest first, each except for the users who are past it.
    pub(super) fn flush(&mut self) -> Vec<Delivery> {
        self.deadline = None;
        self.classes().into_iter().for_each(|class| class.pending = 0);
        let positions = std::mem::take(&mut self.positions);
        let pending = std::mem::take(&mut self.pending).into_iter().enumerate();
        pending
            .map(|(index, Pending { packet, excluded })| {
                let past = positions.iter().filter(|(_, position)| **position > index);
                let mut except_users: Vec<UserId> = past.map(|(user_id, _)| user_id.clone()).collect();
                let mut except_socket = None;
                match excluded {
                    Some(Excluded::User(user_id)) => except_users.push(user_id),
                    Some(Excluded::Socket(sid)) => except_socket = Some(sid),
                    None => {}
                }
                Delivery { packet, except_users, except_socket }
            })
            .collect()
    }

    /// Drops the pending packets, because the room is empty.
    pub(super) fn clear(&mut self) {
        self.flush();
    }
}
