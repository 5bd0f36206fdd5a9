//! What is told to users who look at a list of their rooms: that something was said in one that they have not opened. It is
//! gathered, so that a busy room is a packet in a while, however much is said there.

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
    db::room_log::{Entry, EntryBody},
    protocol::{RoomActivityView, SaidView, event},
    sync::lock,
};

/// Between two looks for something to tell.
const TICK: Duration = Duration::from_millis(250);
/// Rooms whose members are read at the same time at the most. Others need connections, too.
const LOADED: usize = 4;

#[derive(Default)]
pub(super) struct UnreadPush {
    /// Users who look at their list, with the number of their sockets that do.
    watching: Mutex<HashMap<UserId, usize>>,
    said: Mutex<HashMap<RoomId, RoomDigest>>,
}

/// What was said in a room since the last look.
struct RoomDigest {
    last_message_at: Timestamp,
    by: HashMap<UserId, u32>,
}

impl UnreadPush {
    fn is_watched(&self) -> bool {
        !lock(&self.watching).is_empty()
    }

    fn is_watched_by(&self, user_id: &UserId) -> bool {
        lock(&self.watching).contains_key(user_id)
    }

    /// Notes a committed entry.
    pub(super) fn note(&self, entry: &Entry) {
        let EntryBody::New(message) = &entry.told else { return };
        if !self.is_watched() {
            return;
        }
        let mut said = lock(&self.said);
        let said = said
            .entry(entry.room_id.clone())
            .or_insert_with(|| RoomDigest { last_message_at: message.created_at, by: HashMap::new() });
        said.last_message_at = said.last_message_at.max(message.created_at);
        *said.by.entry(message.sender_id.clone()).or_default() += 1;
    }
}

impl Rooms {
    /// One more socket of this user looks at the list: from now on the user is told what is said in their rooms.
    pub fn watch(&self, user_id: &UserId) {
        *lock(&self.activity.watching).entry(user_id.clone()).or_default() += 1;
    }

    /// Such a socket is gone.
    pub fn unwatch(&self, user_id: &UserId) {
        let mut watching = lock(&self.activity.watching);
        if let Some(sockets) = watching.get_mut(user_id) {
            *sockets -= 1;
            if *sockets == 0 {
                watching.remove(user_id);
            }
        }
    }

    /// Tells at once what was said in a room. Before a socket leaves it: what it has heard there it is not to be told again.
    pub async fn push_unread_in(&self, access: &Access, room_id: &RoomId) {
        let said = lock(&self.activity.said).remove(room_id);
        if let Some(said) = said {
            self.push_digest(access, room_id, &said).await;
        }
    }

    async fn push_unread(&self, access: &Access) {
        let all = std::mem::take(&mut *lock(&self.activity.said));
        // Of a room that is not remembered, the members are read: not of one after the other.
        stream::iter(all)
            .for_each_concurrent(LOADED, async |(room_id, said)| {
                self.push_digest(access, &room_id, &said).await
            })
            .await;
    }

    async fn push_digest(&self, access: &Access, room_id: &RoomId, said: &RoomDigest) {
        let room = match access.room(room_id).await {
            Ok(room) => room,
            // The list, when it is asked for again, says the same.
            Err(error) => return error.log(),
        };
        let members = match access.list_members(room_id, &room).await {
            Ok(members) => members,
            Err(error) => return error.log(),
        };
        let by = said.by.iter().map(|(user_id, count)| SaidView { user_id, count: *count }).collect();
        let view = RoomActivityView { room_id, last_message_at: said.last_message_at, by };
        let Some(packet) = Encoded::new(event::ROOM_ACTIVITY, &view) else { return };
        // Sockets in the room hear it there.
        let except = Except { room: Some(room_id), ..Except::NOBODY };
        for member in members.iter().filter(|member| self.activity.is_watched_by(&member.id)) {
            self.broadcast.send(Target::User(&member.id), except, &packet);
        }
    }
}

/// Runs until `owner` is gone; `of` are its rooms and who may hear of them.
pub async fn run<T>(owner: Weak<T>, of: impl Fn(&T) -> (&Rooms, &Access)) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let Some(owner) = owner.upgrade() else { return };
        let (rooms, access) = of(&owner);
        rooms.push_unread(access).await;
    }
}
