//! Unread push: notifies users who watch their list of rooms of their unread counts, of new messages in rooms that they
//! have not opened, and of what they have read on another device. It is coalesced: a busy room costs one packet per tick,
//! however many messages it gets, and so does a reader.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, Weak},
    time::Duration,
};

use futures_util::{StreamExt, stream};

use super::{
    Rooms,
    recount_limit::RecountLimit,
    unread_counts::{Counted, Deletion, News, UnreadCounts},
};
use crate::{
    access::Access,
    broadcast::{Encoded, Except, Sid, Target},
    chat::{
        Error,
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    db::{
        self,
        read_markers::ReadMark,
        room_log::{Effect, Entry},
        unread::Unread,
    },
    protocol::{MemberView, RoomActivityView, RoomUserReadView, SenderCountView, event},
    sync::lock,
};

/// The interval between two pushes.
const TICK: Duration = Duration::from_millis(250);
/// The most rooms whose members are read at the same time, because others need connections, too.
const CONCURRENT_ROOMS: usize = 4;

/// The time and the entry up to which users have read rooms.
type ReadUntil = HashMap<(UserId, RoomId), (Timestamp, Option<i64>)>;

#[derive(Default)]
pub(super) struct UnreadPush {
    /// Users who watch their list, with their watching sockets.
    watching: Mutex<HashMap<UserId, HashSet<Sid>>>,
    digests: Mutex<HashMap<RoomId, RoomDigest>>,
    /// The rooms that watching users have read since the last push, and up to when.
    read: Mutex<ReadUntil>,
    /// The changes of unread counts since the last push.
    news: Mutex<HashMap<RoomId, News>>,
    counts: Mutex<UnreadCounts>,
    recounts: RecountLimit,
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

    fn with_news(&self, room_id: &RoomId, note: impl FnOnce(&mut News)) {
        note(lock(&self.news).entry(room_id.clone()).or_default());
    }

    /// Adds a committed entry to the digest of its room, and to the unread counts.
    /// `deleted`: the entry of the message that it deletes, and its sender, where they are known.
    pub(super) fn note(&self, entry: &Entry, deleted: Option<(i64, UserId)>) {
        if !self.is_watched() {
            return;
        }
        match entry.body.effect() {
            // The room is not unread by it. It may mention users, who are counted anew.
            Effect::Insert(message) if message.is_only_in_thread() => {}
            Effect::Insert(message) => {
                self.with_news(&entry.room_id, |news| news.note_message(entry.seq, &message.sender_id));
                self.note_digest(&entry.room_id, message.created_at, &message.sender_id);
            }
            Effect::Remove(_) => {
                let deletion = Deletion { seq: entry.seq, message: deleted };
                self.with_news(&entry.room_id, |news| news.note_deletion(deletion));
            }
            Effect::Replace(_) => self.with_news(&entry.room_id, News::note_edit),
            Effect::None | Effect::Change(..) => {}
        }
    }

    /// Adds the entry of a change by another program. Its message may be older than others that were read.
    pub(super) fn note_external(&self, entry: &Entry) {
        if !self.is_watched() {
            return;
        }
        if let Effect::Insert(message) = entry.body.effect()
            && !message.is_only_in_thread()
        {
            self.note_digest(&entry.room_id, message.created_at, &message.sender_id);
        }
        self.note_doubt(&entry.room_id);
    }

    /// Notes that the unread counts of a room are to be counted anew.
    pub(super) fn note_doubt(&self, room_id: &RoomId) {
        if self.is_watched() {
            self.with_news(room_id, News::note_doubt);
        }
    }

    /// Notes that a user's unread messages in a room are to be counted anew.
    pub(super) fn note_doubt_of(&self, user_id: &UserId, room_id: &RoomId) {
        if self.is_watched_by(user_id) {
            self.with_news(room_id, |news| news.note_doubt_of(user_id));
        }
    }

    fn note_digest(&self, room_id: &RoomId, at: Timestamp, sender: &UserId) {
        let mut digests = lock(&self.digests);
        let digest = digests
            .entry(room_id.clone())
            .or_insert_with(|| RoomDigest { last_message_at: at, by: HashMap::new() });
        digest.last_message_at = digest.last_message_at.max(at);
        *digest.by.entry(sender.clone()).or_default() += 1;
    }

    /// Counts what a user has read, just as the mark is made.
    pub(super) fn note_read(&self, mark: &ReadMark) {
        if !self.is_watched_by(&mark.user_id) {
            return;
        }
        self.with_news(&mark.room_id, |news| match mark.seq {
            Some(seq) => news.note_read(&mark.user_id, seq),
            None => news.note_doubt_of(&mark.user_id),
        });
    }

    /// Notes a mark that its user's devices are told.
    pub(super) fn note_told(&self, mark: &ReadMark) {
        if !self.is_watched_by(&mark.user_id) {
            return;
        }
        let key = (mark.user_id.clone(), mark.room_id.clone());
        let mut read = lock(&self.read);
        let (at, seq) = read.entry(key).or_insert((mark.at, mark.seq));
        (*at, *seq) = ((*at).max(mark.at), (*seq).max(mark.seq));
    }
}

impl Rooms {
    /// Adds a watching socket of this user: from now on it is sent the unread counts of their rooms, and digests.
    pub fn watch(&self, user_id: &UserId, socket: Sid) {
        lock(&self.activity.watching).entry(user_id.clone()).or_default().insert(socket);
        lock(&self.activity.counts).begin(user_id);
    }

    /// Removes a watching socket of this user.
    pub fn unwatch(&self, user_id: &UserId, socket: Sid) {
        let mut watching = lock(&self.activity.watching);
        let Some(sockets) = watching.get_mut(user_id) else { return };
        sockets.remove(&socket);
        if sockets.is_empty() {
            watching.remove(user_id);
            lock(&self.activity.counts).end(user_id);
        }
    }

    /// Takes over unread counts that a watching socket is told as its list of rooms.
    pub fn note_listed(&self, version: u64, listed: &[Unread]) {
        lock(&self.activity.counts).seed(version, listed);
    }

    /// The version to give to [`Self::note_listed`], taken before the list is read.
    pub fn unread_version(&self) -> u64 {
        lock(&self.activity.counts).version()
    }

    /// Notes that users became members of a room, or are none any more, or have marked it as unread: they are told their
    /// unread counts anew.
    pub fn recount(&self, room_id: &RoomId, users: &[UserId]) {
        users.iter().for_each(|user_id| self.activity.note_doubt_of(user_id, room_id));
    }

    /// Notes that the new message of an entry mentions these users. Mostly that is counted in memory.
    pub fn note_mentions(&self, room_id: &RoomId, seq: i64, users: &[UserId]) {
        for user_id in users.iter().filter(|user_id| self.activity.is_watched_by(user_id)) {
            self.activity.with_news(room_id, |news| news.note_mention(seq, user_id));
        }
    }

    /// Notes that a user has read their mentions: those that they were told of are counted anew.
    pub fn recount_mentions(&self, user_id: &UserId) {
        lock(&self.activity.counts).doubt_mentions_of(user_id);
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
        self.push_counts(access).await;
        self.push_threads(access).await;
    }

    /// Sends the unread counts that have changed to all watching sockets of their users.
    async fn push_counts(&self, access: &Access) {
        let news = std::mem::take(&mut *lock(&self.activity.news));
        stream::iter(news)
            .for_each_concurrent(CONCURRENT_ROOMS, async |(room_id, news)| {
                self.apply_news(access, &room_id, &news).await
            })
            .await;
        self.recount_doubtful().await;
        let changed = lock(&self.activity.counts).take_changed();
        for (view, users) in changed {
            let Some(packet) = Encoded::new(event::ROOM_UNREAD, &view) else { continue };
            for user_id in users {
                let sids: Vec<Sid> =
                    lock(&self.activity.watching).get(&user_id).into_iter().flatten().copied().collect();
                let sockets = self.broadcast.sockets(&sids);
                self.broadcast.send(Target::Sockets(&sockets), Except::NOBODY, &packet);
            }
        }
    }

    async fn apply_news(&self, access: &Access, room_id: &RoomId, news: &News) {
        if !news.concerns_everybody() {
            return lock(&self.activity.counts).apply(room_id, news, None);
        }
        let found = access.room(room_id).await;
        let members = match &found {
            Ok(room) => access.list_members(room_id, room).await,
            Err(error) => Err(error.clone()),
        };
        let mut counts = lock(&self.activity.counts);
        match (&found, members) {
            (Ok(room), Ok(members)) => {
                let may_enter = |user_id: &UserId| room.ensure_may_enter(user_id).is_ok();
                counts.apply(room_id, news, Some(&Counted { may_enter: &may_enter, members }));
            }
            (Err(Error::RoomNotFound), _) => counts.close(room_id),
            (_, members) => {
                if let Err(error) = members {
                    error.log();
                }
                counts.apply(room_id, news, None);
                counts.doubt_all(room_id);
            }
        }
    }

    /// Counts what memory cannot know in the database, by one statement.
    async fn recount_doubtful(&self) {
        let pairs = lock(&self.activity.counts).take_doubtful(self.activity.recounts.get());
        if pairs.is_empty() {
            return;
        }
        self.read_marks.flush().await;
        let counted = db::unread::list(&self.db, &pairs, false).await;
        self.activity.recounts.note(pairs.len(), counted.is_ok());
        let mut counts = lock(&self.activity.counts);
        match counted {
            Ok(counted) => counts.recounted(&pairs, &counted),
            // They are not told until they can be counted.
            Err(error) => {
                error.log();
                counts.put_back(pairs);
            }
        }
    }

    /// Sends read marks to the other devices of their users. It follows the digests: a mark covers the messages before
    /// it, and those have then been counted.
    fn push_read(&self, read: ReadUntil) {
        for ((user_id, room_id), (timestamp, seq)) in read {
            let view = RoomUserReadView { room_id: &room_id, user_id: &user_id, timestamp, seq };
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
