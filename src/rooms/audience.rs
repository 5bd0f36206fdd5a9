//! The sockets in a room and the packets that they are to be sent: presence and outbox, kept in step. It does no I/O. A
//! caller that holds the room's lock carries out the result of each method before it does anything else in the room.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    outbox::{Class, Delivery, Excluded, Flush, FlushPolicies, FlushPolicy, Outbox, Wake},
    presence::{Announce, Presence, PresenceChange},
};
use crate::{
    broadcast::{Encoded, Sid},
    chat::id::{RoomId, UserId},
    config::LiveSettings,
    protocol::{RoomUserJoinedView, RoomUserView, TokenUserView, event},
};

/// In a room with fewer sockets each entry is sent at once: batching would save little.
const BATCH_MIN_SOCKETS: usize = 8;
/// The most entries that may wait. A larger batch would block other tasks for too long.
const MAX_ENTRIES: usize = 64;
/// The most packets of ephemeral state that may wait.
const MAX_EPHEMERAL: usize = 256;
/// Joins and leaves that are sent at once, per second. Above this rate they are batched.
const PRESENCE_RATE: u32 = 4;
const PRESENCE_INTERVAL: Duration = Duration::from_millis(100);
const MAX_PRESENCE: usize = 256;

/// The work that follows from a call: packets to send now, and when to flush next.
#[derive(Default)]
pub(super) struct Outgoing {
    pub(super) sends: Vec<Send>,
    pub(super) next: Next,
}

/// A packet to send.
pub(super) enum Send {
    /// To sockets of one user, buffered together with their next packet.
    ToSockets(Vec<Sid>, Encoded),
    ToRoom(Delivery),
}

/// When the audience needs the next call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Next {
    #[default]
    Nothing,
    /// Call [`Audience::wake`] at this time.
    Timer(Instant),
    /// Call [`Audience::flush`] when the author's ack has been sent.
    AfterAck,
}

pub(super) struct Audience {
    pub(super) presence: Presence,
    outbox: Outbox,
    room_id: RoomId,
    /// The settings allow entries to wait for a batch.
    batches_entries: bool,
}

impl Audience {
    pub(super) fn new(room_id: RoomId, settings: &LiveSettings, now: Instant) -> Self {
        let interval = settings.flush_interval;
        let rate = Duration::from_secs(1).as_nanos().checked_div(interval.as_nanos());
        let rate = rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(u32::MAX);
        let ephemeral_interval = Duration::from_secs(1) / settings.ephemeral_rate;
        let policies = FlushPolicies {
            entry: FlushPolicy { rate, interval, capacity: MAX_ENTRIES },
            presence: FlushPolicy {
                rate: PRESENCE_RATE,
                interval: PRESENCE_INTERVAL,
                capacity: MAX_PRESENCE,
            },
            ephemeral: FlushPolicy {
                rate: settings.ephemeral_rate,
                interval: ephemeral_interval,
                capacity: MAX_EPHEMERAL,
            },
        };
        Self {
            presence: Presence::new(settings.presence_rate, now),
            outbox: Outbox::new(policies, now),
            room_id,
            batches_entries: !interval.is_zero(),
        }
    }

    /// Joins and leaves that have not been sent yet.
    pub(super) fn pending_presence(&self) -> usize {
        self.outbox.pending(Class::Presence) + self.presence.deferred()
    }

    /// Adds a socket of a user who is about to enter the room. All pending packets are sent to the user's sockets
    /// first.
    pub(super) fn arrive(
        &mut self,
        user: &TokenUserView,
        socket: Sid,
        announce: Announce,
        now: Instant,
    ) -> Outgoing {
        let mut outgoing = self.catch_up(&user.id);
        let change = self.presence.arrive(user, socket, announce, now);
        self.push_presence(change, now, &mut outgoing);
        outgoing
    }

    /// Removes a socket of a user that is about to leave the room. Returns whether it was in the room.
    pub(super) fn depart(&mut self, user: &TokenUserView, socket: Sid, now: Instant) -> (bool, Outgoing) {
        let mut outgoing = self.catch_up(&user.id);
        let (was_here, change) = self.presence.depart(user, socket, now);
        self.push_presence(change, now, &mut outgoing);
        self.clear_if_empty();
        (was_here, outgoing)
    }

    /// Removes the users who may not stay. Returns them with their sockets; the caller then calls [`Self::evicted`].
    pub(super) fn evict(
        &mut self,
        may_stay: impl Fn(&UserId) -> bool,
    ) -> (Vec<(UserId, Vec<Sid>)>, Outgoing) {
        let evicted = self.presence.evict(may_stay);
        let missed = evicted.iter().flat_map(|(user_id, sids)| take_missed(&mut self.outbox, user_id, sids));
        let outgoing = Outgoing { sends: missed.collect(), next: Next::Nothing };
        (evicted, outgoing)
    }

    /// Announces that these users have left, once their sockets are out of the room.
    pub(super) fn evicted(&mut self, user_ids: impl Iterator<Item = UserId>, now: Instant) -> Outgoing {
        let mut outgoing = Outgoing::default();
        for user_id in user_ids {
            self.push_presence(Some(PresenceChange::Left(user_id)), now, &mut outgoing);
        }
        self.clear_if_empty();
        outgoing
    }

    /// Queues a new message for everybody in the room. The author, who waits for the ack, is sent it at once; the
    /// others may be sent it a moment later, in a batch.
    pub(super) fn push_message(&mut self, author: &UserId, packet: Encoded, now: Instant) -> Outgoing {
        if !self.batches_entries || self.presence.sockets() < BATCH_MIN_SOCKETS {
            return self.push_entry(packet);
        }
        let flush = self.outbox.push(Class::Entry, packet, None, now);
        let author_waits = !self.presence.sockets_of(author).is_empty();
        match flush {
            Flush::Now if !author_waits || self.outbox.pending(Class::Entry) > 1 => self.flush(),
            Flush::Now => Outgoing { next: Next::AfterAck, ..self.catch_up(author) },
            Flush::At(time) => Outgoing { next: Next::Timer(time), ..self.catch_up(author) },
            Flush::Scheduled => self.catch_up(author),
        }
    }

    /// Sends another change of the room to everybody in it at once.
    pub(super) fn push_entry(&mut self, packet: Encoded) -> Outgoing {
        if self.presence.is_empty() {
            return Outgoing::default();
        }
        let sends = self.outbox.push_and_flush(packet).into_iter().map(Send::ToRoom).collect();
        Outgoing { sends, next: Next::Nothing }
    }

    /// Queues ephemeral state of one socket's user for all other sockets.
    pub(super) fn push_ephemeral(&mut self, from: Option<Sid>, packet: Encoded, now: Instant) -> Outgoing {
        let mut outgoing = Outgoing::default();
        let flush = self.outbox.push(Class::Ephemeral, packet, from.map(Excluded::Socket), now);
        self.apply_flush(flush, &mut outgoing);
        outgoing
    }

    /// Sends a user's sockets the pending packets, before they are sent a snapshot that includes them.
    pub(super) fn catch_up(&mut self, user_id: &UserId) -> Outgoing {
        let sids: Vec<Sid> = self.presence.sockets_of(user_id).iter().map(|here| here.sid).collect();
        Outgoing { sends: take_missed(&mut self.outbox, user_id, &sids), next: Next::Nothing }
    }

    /// Lists the users who are here. The reader is sent what is pending first: pending joins are in the list already.
    pub(super) fn list_present(&mut self, reader: &UserId) -> (Vec<UserId>, Outgoing) {
        let outgoing = self.catch_up(reader);
        self.presence.note_listed();
        (self.presence.announced().cloned().collect(), outgoing)
    }

    /// Flushes the outbox to everybody.
    pub(super) fn flush(&mut self) -> Outgoing {
        let sends = self.outbox.flush().into_iter().map(Send::ToRoom).collect();
        Outgoing { sends, next: Next::Nothing }
    }

    /// Handles a timer that was set for this time. Does nothing if another timer has replaced it.
    pub(super) fn wake(&mut self, timer: Instant, now: Instant) -> Outgoing {
        match self.outbox.wake(timer, now) {
            Wake::End => Outgoing::default(),
            Wake::Sleep(time) => Outgoing { sends: Vec::new(), next: Next::Timer(time) },
            Wake::Flush => {
                let mut outgoing = self.flush();
                for change in self.presence.due(now) {
                    self.push_presence(Some(change), now, &mut outgoing);
                }
                outgoing.sends.extend(self.flush().sends);
                self.remind(now, &mut outgoing);
                outgoing
            }
        }
    }

    fn push_presence(&mut self, change: Option<PresenceChange>, now: Instant, outgoing: &mut Outgoing) {
        if let Some(change) = change {
            let room_id = &self.room_id;
            let packet = match &change {
                PresenceChange::Joined(user) => {
                    Encoded::new(event::ROOM_USER_JOINED, &RoomUserJoinedView { room_id, user })
                }
                PresenceChange::Left(user_id) => {
                    Encoded::new(event::ROOM_USER_LEFT, &RoomUserView { room_id, user_id })
                }
            };
            if let Some(packet) = packet {
                let excluded = Excluded::User(change.user_id().clone());
                let flush = self.outbox.push(Class::Presence, packet, Some(excluded), now);
                self.apply_flush(flush, outgoing);
            }
        }
        self.remind(now, outgoing);
    }

    fn apply_flush(&mut self, flush: Flush, outgoing: &mut Outgoing) {
        match flush {
            Flush::Now => outgoing.sends.extend(self.flush().sends),
            Flush::At(time) => outgoing.next = Next::Timer(time),
            Flush::Scheduled => {}
        }
    }

    /// Schedules a new check of deferred joins and leaves.
    fn remind(&mut self, now: Instant, outgoing: &mut Outgoing) {
        if self.presence.deferred() > 0 {
            let flush = self.outbox.remind(now + PRESENCE_INTERVAL);
            self.apply_flush(flush, outgoing);
        }
    }

    fn clear_if_empty(&mut self) {
        if self.presence.is_empty() {
            self.outbox.clear();
        }
    }
}

/// Takes the pending packets that one user's sockets have not been sent.
fn take_missed(outbox: &mut Outbox, user_id: &UserId, sids: &[Sid]) -> Vec<Send> {
    let missed = outbox.catch_up(user_id).into_iter();
    let sends = missed.filter_map(|(packet, excluded)| {
        let sids: Vec<Sid> = sids.iter().copied().filter(|sid| Some(*sid) != excluded).collect();
        (!sids.is_empty()).then_some(Send::ToSockets(sids, packet))
    });
    sends.collect()
}

#[cfg(test)]
mod tests;
