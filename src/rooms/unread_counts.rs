//! Unread counts of users who watch their lists of rooms, in memory. New messages and reading up to an entry change a
//! count here; where memory cannot know it, as after a deletion, it is counted anew in the database. No I/O.

use std::collections::{HashMap, HashSet};

use indexmap::IndexSet;

use crate::{
    chat::id::{RoomId, UserId},
    db::unread::{MAX_COUNTED, Unread},
    protocol::{MemberView, RoomUnreadView},
};

/// The deletion of a message.
pub(super) struct Deletion {
    pub(super) seq: i64,
    /// The entry of the new message, and its sender; none: not known.
    pub(super) message: Option<(i64, UserId)>,
}

/// The changes in a room since the last push.
#[derive(Default)]
pub(super) struct News {
    /// The entries of new messages, in order, and those of each sender.
    sent: Vec<i64>,
    by: HashMap<UserId, Vec<i64>>,
    /// The entries of new messages that mention each user.
    mentions: HashMap<UserId, Vec<i64>>,
    /// The last entry that each user has read.
    read: HashMap<UserId, i64>,
    deletions: Vec<Deletion>,
    /// A message was edited: who has unread mentions is counted anew.
    has_edit: bool,
    /// Another program has changed messages: everybody is counted anew.
    is_doubtful: bool,
    /// The users who are counted anew.
    doubtful: HashSet<UserId>,
}

impl News {
    pub(super) fn note_message(&mut self, seq: i64, sender: &UserId) {
        if self.sent.last().is_some_and(|last| *last >= seq) {
            // The entries of a room come in their order, unless the database has lost some.
            return self.note_doubt();
        }
        self.sent.push(seq);
        self.by.entry(sender.clone()).or_default().push(seq);
    }

    /// Notes that a new message mentions a user. Its entry was noted before.
    pub(super) fn note_mention(&mut self, seq: i64, user_id: &UserId) {
        self.mentions.entry(user_id.clone()).or_default().push(seq);
    }

    pub(super) fn note_deletion(&mut self, deletion: Deletion) {
        self.deletions.push(deletion);
    }

    pub(super) fn note_edit(&mut self) {
        self.has_edit = true;
    }

    pub(super) fn note_doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// Notes that a user is to be counted anew.
    pub(super) fn note_doubt_of(&mut self, user_id: &UserId) {
        self.doubtful.insert(user_id.clone());
    }

    pub(super) fn note_read(&mut self, user_id: &UserId, seq: i64) {
        let read = self.read.entry(user_id.clone()).or_insert(seq);
        *read = (*read).max(seq);
    }

    /// True if users have to be found who may be counted.
    pub(super) fn concerns_everybody(&self) -> bool {
        !self.sent.is_empty() || !self.deletions.is_empty() || self.has_edit || self.is_doubtful
    }

    /// The number of others' messages after an entry.
    fn count_after(&self, user_id: &UserId, after: i64) -> i64 {
        let later = |seqs: &Vec<i64>| seqs.len() - seqs.partition_point(|seq| *seq <= after);
        let count = later(&self.sent) - self.by.get(user_id).map_or(0, later);
        i64::try_from(count).unwrap_or(MAX_COUNTED)
    }

    /// The number of messages after an entry that mention a user; none if a count up to that entry may or may not have one
    /// of these.
    fn mentions_after(&self, user_id: &UserId, after: i64) -> Option<i64> {
        let seqs = self.mentions.get(user_id).map_or(&[][..], Vec::as_slice);
        let is_read = |seq: i64| self.read.get(user_id).is_some_and(|read| *read >= seq);
        let is_new = |seq: i64| seq > after && self.sent.binary_search(&seq).is_ok();
        let later: Vec<i64> = seqs.iter().copied().filter(|seq| !is_read(*seq)).collect();
        let is_certain = later.iter().all(|seq| is_new(*seq));
        is_certain.then(|| i64::try_from(later.len()).unwrap_or(MAX_COUNTED))
    }
}

/// The users of a room who are counted.
pub(super) struct Counted<'a> {
    pub(super) may_enter: &'a dyn Fn(&UserId) -> bool,
    pub(super) members: &'a [MemberView],
}

struct Count {
    unread: i64,
    /// Those of them that mention the user.
    mentions: i64,
    /// The last entry that it includes.
    seq: i64,
    /// The entry up to which nothing counts, and after which all messages of others do; none: not known.
    read: Option<i64>,
    /// The numbers of unread messages and mentions that the user's sockets were told last; none: others.
    told: Option<(i64, i64)>,
    /// The version of the counts when this one was changed by more than new messages.
    changed_in: u64,
}

impl Count {
    /// Takes over what the database has counted.
    fn set(&mut self, counted: &Unread) {
        (self.unread, self.mentions, self.seq) = (counted.count, counted.mentions, counted.seq);
        self.read = (counted.count == 0).then_some(counted.seq);
    }

    /// Subtracts a deleted message, if it is counted; false if that is not known.
    fn subtract(&mut self, user_id: &UserId, deletion: &Deletion, version: u64) -> bool {
        self.seq = self.seq.max(deletion.seq);
        if self.unread == 0 {
            // A reply that is only in a thread may have mentioned the user.
            return self.mentions == 0;
        }
        let (Some((seq, sender)), Some(read)) = (&deletion.message, self.read) else { return false };
        if sender == user_id || *seq <= read {
            return true;
        }
        // The message may have mentioned the user.
        if self.unread >= MAX_COUNTED || self.mentions > 0 {
            return false;
        }
        (self.unread, self.changed_in) = (self.unread - 1, version);
        true
    }

    fn is_told(&self) -> bool {
        self.told == Some((self.unread, self.mentions))
    }
}

/// A room and a user who watches.
pub(super) type Pair = (RoomId, UserId);

#[derive(Default)]
pub(super) struct UnreadCounts {
    /// The counted rooms of each user who watches.
    watching: HashMap<UserId, HashSet<RoomId>>,
    counts: HashMap<RoomId, HashMap<UserId, Count>>,
    /// To be counted anew, the first ones first.
    doubtful: IndexSet<Pair>,
    /// Counts that the user's sockets were not told.
    changed: HashSet<Pair>,
    /// Counts the changes.
    version: u64,
}

impl UnreadCounts {
    pub(super) fn begin(&mut self, user_id: &UserId) {
        self.watching.entry(user_id.clone()).or_default();
    }

    /// Forgets a user who watches no more.
    pub(super) fn end(&mut self, user_id: &UserId) {
        for room_id in self.watching.remove(user_id).into_iter().flatten() {
            self.remove_count(&room_id, user_id);
        }
    }

    fn remove_count(&mut self, room_id: &RoomId, user_id: &UserId) {
        if let Some(counts) = self.counts.get_mut(room_id) {
            counts.remove(user_id);
            if counts.is_empty() {
                self.counts.remove(room_id);
            }
        }
    }

    fn remove(&mut self, room_id: &RoomId, user_id: &UserId) {
        if let Some(rooms) = self.watching.get_mut(user_id) {
            rooms.remove(room_id);
        }
        self.remove_count(room_id, user_id);
    }

    /// The version to give to [`Self::seed`], taken before the list is read.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Takes over counts that a user's socket is told as its list of rooms, unless they are older than those here.
    pub(super) fn seed(&mut self, version: u64, listed: &[Unread]) {
        for unread in listed {
            if !unread.is_counted {
                // It may be counted since the list was read, as the user has read the room.
                if !self.has_changed_since(version, unread) {
                    self.remove(&unread.room_id, &unread.user_id);
                }
                continue;
            }
            let Some(count) = self.count_of(unread, (unread.count, unread.mentions)) else { continue };
            if unread.seq >= count.seq && count.changed_in <= version {
                count.set(unread);
            }
            if count.told != Some((unread.count, unread.mentions)) {
                // The user's sockets were told different counts.
                count.told = None;
            }
            if !count.is_told() {
                self.changed.insert((unread.room_id.clone(), unread.user_id.clone()));
            }
            if !unread.is_member {
                // Messages that were sent while the list was read are known only of members.
                self.doubt(&unread.room_id, &unread.user_id);
            }
        }
    }

    fn has_changed_since(&self, version: u64, unread: &Unread) -> bool {
        let count = self.counts.get(&unread.room_id).and_then(|counts| counts.get(&unread.user_id));
        count.is_some_and(|count| count.changed_in > version)
    }

    /// Takes over counts that were made because of a doubt. What is not counted is forgotten.
    pub(super) fn recounted(&mut self, asked: &[Pair], counted: &[Unread]) {
        self.version += 1;
        let version = self.version;
        let mut counted: HashMap<(&RoomId, &UserId), &Unread> =
            counted.iter().map(|unread| ((&unread.room_id, &unread.user_id), unread)).collect();
        for (room_id, user_id) in asked {
            match counted.remove(&(room_id, user_id)).filter(|unread| unread.is_counted) {
                Some(unread) => {
                    // Until they list it, the user's sockets know no unread messages of a room.
                    let Some(count) = self.count_of(unread, (0, 0)) else { continue };
                    count.set(unread);
                    count.changed_in = version;
                    if !count.is_told() {
                        self.changed.insert((room_id.clone(), user_id.clone()));
                    }
                }
                None => self.remove(room_id, user_id),
            }
        }
    }

    /// The count of a pair, which is made if it is not there; none if the user does not watch.
    fn count_of(&mut self, unread: &Unread, told: (i64, i64)) -> Option<&mut Count> {
        self.watching.get_mut(&unread.user_id)?.insert(unread.room_id.clone());
        let counts = self.counts.entry(unread.room_id.clone()).or_default();
        let new = || Count {
            unread: unread.count,
            mentions: unread.mentions,
            seq: unread.seq,
            read: (unread.count == 0).then_some(unread.seq),
            told: Some(told),
            changed_in: 0,
        };
        Some(counts.entry(unread.user_id.clone()).or_insert_with(new))
    }

    fn doubt(&mut self, room_id: &RoomId, user_id: &UserId) {
        self.doubtful.insert((room_id.clone(), user_id.clone()));
    }

    /// Notes a doubt about the user's counts of mentions.
    pub(super) fn doubt_mentions_of(&mut self, user_id: &UserId) {
        for room_id in self.watching.get(user_id).into_iter().flatten() {
            let count = self.counts.get(room_id).and_then(|counts| counts.get(user_id));
            if count.is_some_and(|count| count.mentions > 0) {
                self.doubtful.insert((room_id.clone(), user_id.clone()));
            }
        }
    }

    /// Applies the changes of a room. `counted` is given if they concern everybody.
    pub(super) fn apply(&mut self, room_id: &RoomId, news: &News, counted: Option<&Counted<'_>>) {
        self.version += 1;
        let mut removed = Vec::new();
        let last = news.sent.last().copied().unwrap_or(i64::MIN);
        for (user_id, count) in self.counts.get_mut(room_id).into_iter().flatten() {
            if counted.is_some_and(|counted| !(counted.may_enter)(user_id)) {
                removed.push(user_id.clone());
                continue;
            }
            match news.read.get(user_id) {
                // All that it includes was read.
                Some(seq) if *seq >= count.seq => {
                    (count.unread, count.mentions) = (0, 0);
                    (count.seq, count.read, count.changed_in) = (*seq, Some(*seq), self.version);
                }
                Some(_) => {
                    self.doubtful.insert((room_id.clone(), user_id.clone()));
                }
                None => {}
            }
            let counted_to = count.seq;
            let unread = count.unread + news.count_after(user_id, counted_to);
            match news.mentions_after(user_id, counted_to) {
                Some(more) => count.mentions = (count.mentions + more).min(MAX_COUNTED),
                None => {
                    self.doubtful.insert((room_id.clone(), user_id.clone()));
                }
            }
            (count.unread, count.seq) = (unread.min(MAX_COUNTED), count.seq.max(last));
            let deletions = news.deletions.iter().filter(|deletion| deletion.seq > counted_to);
            let unknown = deletions.filter(|deletion| !count.subtract(user_id, deletion, self.version));
            let has_unknown = unknown.count() > 0;
            if news.is_doubtful || has_unknown || news.has_edit && count.mentions > 0 {
                self.doubtful.insert((room_id.clone(), user_id.clone()));
            }
            if !count.is_told() {
                self.changed.insert((room_id.clone(), user_id.clone()));
            }
        }
        for user_id in removed {
            self.remove(room_id, &user_id);
        }
        let is_counted =
            |user_id: &UserId| self.counts.get(room_id).is_some_and(|counts| counts.contains_key(user_id));
        let members = counted.into_iter().flat_map(|counted| counted.members).map(|member| &member.id);
        let named = news.read.keys().chain(news.mentions.keys());
        let newcomers = members.chain(named).filter(|user_id| !is_counted(user_id));
        let doubtful: Vec<UserId> = newcomers
            .chain(&news.doubtful)
            .filter(|user_id| self.watching.contains_key(*user_id))
            .cloned()
            .collect();
        doubtful.iter().for_each(|user_id| self.doubt(room_id, user_id));
    }

    /// Notes a doubt about all counts of a room, because its members could not be read.
    pub(super) fn doubt_all(&mut self, room_id: &RoomId) {
        let users: Vec<UserId> =
            self.counts.get(room_id).into_iter().flatten().map(|(id, _)| id.clone()).collect();
        users.iter().for_each(|user_id| self.doubt(room_id, user_id));
    }

    /// Forgets the counts of a room that is no more.
    pub(super) fn close(&mut self, room_id: &RoomId) {
        for user_id in self.counts.remove(room_id).unwrap_or_default().into_keys() {
            self.remove(room_id, &user_id);
        }
    }

    /// Takes at most `limit` pairs that are to be counted anew.
    pub(super) fn take_doubtful(&mut self, limit: usize) -> Vec<Pair> {
        self.doubtful.drain(..limit.min(self.doubtful.len())).collect()
    }

    /// Puts back pairs that could not be counted, behind the others.
    pub(super) fn put_back(&mut self, pairs: Vec<Pair>) {
        let watching = &self.watching;
        self.doubtful.extend(pairs.into_iter().filter(|(_, user_id)| watching.contains_key(user_id)));
    }

    /// Takes the counts that the users' sockets are to be told: those in doubt are told when they are counted. Equal ones
    /// of a room stand together, for one packet.
    pub(super) fn take_changed(&mut self) -> Vec<(RoomUnreadView, Vec<UserId>)> {
        let mut views: HashMap<(RoomId, i64, i64, i64), Vec<UserId>> = HashMap::new();
        for (room_id, user_id) in std::mem::take(&mut self.changed) {
            if self.doubtful.contains(&(room_id.clone(), user_id.clone())) {
                self.changed.insert((room_id, user_id));
                continue;
            }
            let count = self.counts.get_mut(&room_id).and_then(|counts| counts.get_mut(&user_id));
            let Some(count) = count.filter(|count| !count.is_told()) else { continue };
            count.told = Some((count.unread, count.mentions));
            views.entry((room_id, count.unread, count.mentions, count.seq)).or_default().push(user_id);
        }
        let view = |((room_id, unread_count, mention_count, seq), users)| {
            (RoomUnreadView { room_id, unread_count, mention_count, seq }, users)
        };
        views.into_iter().map(view).collect()
    }
}

#[cfg(test)]
mod tests;
