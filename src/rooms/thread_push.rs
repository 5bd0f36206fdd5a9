//! Thread push: tells the followers of threads, on all of their devices, how many replies they have not read. It is coalesced: a
//! busy thread costs one packet for each follower per tick.

use std::{collections::HashMap, sync::Mutex};

use futures_util::{StreamExt, stream};

use super::Rooms;
use crate::{
    access::Access,
    broadcast::{Encoded, Except, Target},
    chat::{
        Result,
        id::{MessageId, RoomId, UserId},
    },
    db::{
        room_log::{Effect, Entry},
        threads,
    },
    protocol::{ThreadUnreadView, event},
    sync::lock,
};

/// The most threads that are counted at the same time: others need connections, too.
const CONCURRENT_THREADS: usize = 4;
/// The followers who are read at once.
const PAGE: usize = 1_000;

/// The threads whose replies have changed since the last push.
#[derive(Default)]
pub(super) struct ThreadPush(Mutex<HashMap<MessageId, Changed>>);

struct Changed {
    room_id: RoomId,
    /// The only author of new replies, whose own count does not change by them; none if there is another change.
    author: Option<UserId>,
}

impl ThreadPush {
    pub(super) fn note(&self, entry: &Entry) {
        let Some(root) = &entry.root else { return };
        let author = match entry.body.effect() {
            Effect::Insert(message) => Some(message.sender_id.clone()),
            _ => None,
        };
        let mut threads = lock(&self.0);
        let changed = || Changed { room_id: entry.room_id.clone(), author: author.clone() };
        let there = threads.entry(root.id.clone()).or_insert_with(changed);
        if there.author != author {
            there.author = None;
        }
    }
}

impl Rooms {
    /// Counts the changed threads for their followers who are connected here.
    pub(super) async fn push_threads(&self, access: &Access) {
        let changed = std::mem::take(&mut *lock(&self.threads.0));
        stream::iter(changed)
            .for_each_concurrent(CONCURRENT_THREADS, async |(root_id, changed)| {
                // A client that lists its threads again is told the same.
                self.push_thread(access, &root_id, &changed).await.unwrap_or_else(|error| error.log());
            })
            .await;
    }

    async fn push_thread(&self, access: &Access, root_id: &MessageId, changed: &Changed) -> Result<()> {
        let mut after = UserId::from("");
        loop {
            let followers = threads::list_followers(&self.db, root_id, &after, PAGE).await?;
            let Some(last) = followers.last().filter(|_| followers.len() == PAGE).cloned() else {
                return self.push_thread_to(access, (root_id, changed), &followers).await;
            };
            self.push_thread_to(access, (root_id, changed), &followers).await?;
            after = last;
        }
    }

    async fn push_thread_to(
        &self,
        access: &Access,
        (root_id, changed): (&MessageId, &Changed),
        followers: &[UserId],
    ) -> Result<()> {
        let room_id = &changed.room_id;
        let is_told = |user_id: &&UserId| {
            changed.author.as_ref() != Some(*user_id) && self.broadcast.is_connected(user_id)
        };
        let here: Vec<UserId> = followers.iter().filter(is_told).cloned().collect();
        if here.is_empty() {
            return Ok(());
        }
        let room = access.room(room_id).await?;
        let mut views: HashMap<i64, Vec<UserId>> = HashMap::new();
        for (user_id, unread) in threads::unread_of(&self.db, root_id, &here).await? {
            // A user who was removed from the room follows the thread, but is told nothing.
            if room.ensure_may_enter(&user_id).is_ok() {
                views.entry(unread).or_default().push(user_id);
            }
        }
        for (unread_count, users) in views {
            let view = ThreadUnreadView { root_id, room_id, unread_count };
            let Some(packet) = Encoded::new(event::THREAD_UNREAD, &view) else { continue };
            for user_id in &users {
                self.broadcast.send(Target::User(user_id), Except::NOBODY, &packet);
            }
        }
        Ok(())
    }
}
