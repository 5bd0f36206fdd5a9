//! Unread push: notifies users who watch their list of rooms of new messages in rooms that they have not opened, and of
//! what they have read on another device. It is coalesced: a busy room costs one packet per tick, however many messages
//! it gets, and so does a reader.

use std::{
    collections::HashMap,
    sync::{Mutex, Weak},
    time::Duration,
};

use futures_util::{StreamExt, stream};

use super::Rooms;
use crate::{
    access::Access,
    broadcast::{Encoded, Except, Target},
    chat::{
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    db::{
        read_markers::ReadMark,
        room_log::{Effect, Entry},
    },
    protocol::{MemberView, RoomActivityView, RoomUserReadView, SenderCountView, event},
    sync::lock,
};

/// The interval between two pushes.
const TICK: Duration = Duration::from_millis(250);
/// The most rooms whose members are read at the same time, because others need connections, too.
const CONCURRENT_ROOMS: usize = 4;

#[derive(Default)]
pub(super) struct UnreadPush {
    /// Users who watch their list, with the number of their watching sockets.
    watching: Mutex<HashMap<UserId, usize>>,
    digests: Mutex<HashMap<RoomId, RoomDigest>>,
    /// The rooms that watching users have read since the last push, and up to when.
    read: Mutex<HashMap<(UserId, RoomId), Timestamp>>,
}

/// A digest of the new messages in a room since the last push.
struct RoomDigest {
    last_message_at: Timestamp,
    by: HashMap<UserId, u32>,
}

impl UnreadPush {
    pub(super) fn is_watched(&self) -> bool {
        !lock(&self.watching).is_empty()
    }

    fn is_watched_by(&self, user_id: &UserId) -> bool {
        lock(&self.watching).contains_key(user_id)
    }

    /// Adds a committed entry to the digest of its room.
    pub(super) fn note(&self, entry: &Entry) {
        let Effect::Insert(message) = entry.body.effect() else { return };
        if !self.is_watched() {
            return;
        }
        let mut digests = lock(&self.digests);
        let digest = digests
            .entry(entry.room_id.clone())
            .or_insert_with(|| RoomDigest { last_message_at: message.created_at, by: HashMap::new() });
        digest.last_message_at = digest.last_message_at.max(message.created_at);
        *digest.by.entry(message.sender_id.clone()).or_default() += 1;
    }

    /// Notes that a user has read a room, for the user's other devices.
    pub(super) fn note_read(&self, mark: &ReadMark) {
        if !self.is_watched_by(&mark.user_id) {
            return;
        }
        let key = (mark.user_id.clone(), mark.room_id.clone());
        let mut read = lock(&self.read);
        let at = read.entry(key).or_insert(mark.at);
        *at = (*at).max(mark.at);
    }
}

impl Rooms {
    /// Adds a watching socket of this user: from now on the user is sent digests of their rooms.
    pub fn watch(&self, user_id: &UserId) {
        *lock(&self.activity.watching).entry(user_id.clone()).or_default() += 1;
    }

    /// Removes a watching socket of this user.
    pub fn unwatch(&self, user_id: &UserId) {
        let mut watching = lock(&self.activity.watching);
        if let Some(sockets) = watching.get_mut(user_id) {
            *sockets -= 1;
            if *sockets == 0 {
                watching.remove(user_id);
            }
        }
    }

    /// Sends a room's digest at once. It is called before a socket leaves the room, so that the socket is not sent a
    /// digest of messages that it received there.
    pub async fn push_unread_in(&self, access: &Access, room_id: &RoomId) {
        let digest = lock(&self.activity.digests).remove(room_id);
        if let Some(digest) = digest {
            self.push_digest(access, room_id, &digest).await;
        }
    }

    async fn push_unread(&self, access: &Access) {
        // Taken first: a mark that comes meanwhile may cover messages of the next digest.
        let read = std::mem::take(&mut *lock(&self.activity.read));
        let all = std::mem::take(&mut *lock(&self.activity.digests));
        // The members of an uncached room are read from the database, of several rooms concurrently.
        stream::iter(all)
            .for_each_concurrent(CONCURRENT_ROOMS, async |(room_id, digest)| {
                self.push_digest(access, &room_id, &digest).await
            })
            .await;
        self.push_read(read);
    }

    /// Sends read marks to the other devices of their users. It follows the digests: a mark covers the messages before
    /// it, and those have then been counted.
    fn push_read(&self, read: HashMap<(UserId, RoomId), Timestamp>) {
        for ((user_id, room_id), timestamp) in read {
            let view = RoomUserReadView { room_id: &room_id, user_id: &user_id, timestamp };
            let Some(packet) = Encoded::new(event::ROOM_USER_READ, &view) else { continue };
            // Sockets in the room are sent the mark with everybody else's.
            let except = Except { room: Some(&room_id), ..Except::NOBODY };
            self.broadcast.send(Target::User(&user_id), except, &packet);
        }
    }

    /// Sends an event about a room to its members who watch their list of rooms. Sockets in the room have it already.
    pub async fn push_to_watchers(&self, access: &Access, room_id: &RoomId, packet: &Encoded) {
        if !self.activity.is_watched() {
            return;
        }
        let room = match access.room(room_id).await {
            Ok(room) => room,
            // The event is in the room's log, and a list that is requested again has what it says.
            Err(error) => return error.log(),
        };
        match access.list_members(room_id, &room).await {
            Ok(members) => self.send_to_watchers(room_id, members, packet),
            Err(error) => error.log(),
        }
    }

    fn send_to_watchers(&self, room_id: &RoomId, members: &[MemberView], packet: &Encoded) {
        let except = Except { room: Some(room_id), ..Except::NOBODY };
        for member in members.iter().filter(|member| self.activity.is_watched_by(&member.id)) {
            self.broadcast.send(Target::User(&member.id), except, packet);
        }
    }

    async fn push_digest(&self, access: &Access, room_id: &RoomId, digest: &RoomDigest) {
        let room = match access.room(room_id).await {
            Ok(room) => room,
            // A dropped digest is harmless: the list shows the same when it is requested again.
            Err(error) => return error.log(),
        };
        let members = match access.list_members(room_id, &room).await {
            Ok(members) => members,
            Err(error) => return error.log(),
        };
        let by =
            digest.by.iter().map(|(user_id, count)| SenderCountView { user_id, count: *count }).collect();
        let view = RoomActivityView { room_id, last_message_at: digest.last_message_at, by };
        let Some(packet) = Encoded::new(event::ROOM_ACTIVITY, &view) else { return };
        // Sockets in the room receive the message itself.
        self.send_to_watchers(room_id, members, &packet);
    }
}

/// Runs until `owner` is gone. `parts` returns its rooms and the access rules.
pub async fn run<T>(owner: Weak<T>, parts: impl Fn(&T) -> (&Rooms, &Access)) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let Some(owner) = owner.upgrade() else { return };
        let (rooms, access) = parts(&owner);
        rooms.push_unread(access).await;
    }
}
