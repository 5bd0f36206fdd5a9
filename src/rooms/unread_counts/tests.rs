//! A model-based test: in random histories of several users, the counts that their sockets were told in the end are those
//! of the database, however late lists are read and however often the database fails.

use fastrand::Rng;

use super::*;

const USERS: [&str; 3] = ["anna", "bob", "carol"];
const ROOM: &str = "room";

/// The database.
#[derive(Clone, Default)]
struct Stored {
    /// The sender of the message of each entry; none: it was deleted, the entry is none of a message, or
    /// the message is shown only in its thread.
    log: Vec<Option<usize>>,
    /// The users whom the message of each entry mentions.
    mentioned: Vec<[bool; 3]>,
    read: [i64; 3],
    /// The entry from which on the room was marked as unread.
    unread_from: [Option<i64>; 3],
}

impl Stored {
    fn head(&self) -> i64 {
        i64::try_from(self.log.len()).unwrap()
    }

    fn count(&self, user: usize) -> Unread {
        let after = self.unread_from[user].map_or(self.read[user], |from| from - 1);
        let later = || self.log.iter().zip(&self.mentioned).skip(usize::try_from(after).unwrap());
        let others = || later().filter(|(sender, _)| sender.is_some_and(|sender| sender != user));
        let count = others().count();
        let mentions = others().filter(|(_, mentioned)| mentioned[user]).count();
        Unread {
            room_id: ROOM.into(),
            user_id: USERS[user].into(),
            count: i64::try_from(count).unwrap().min(MAX_COUNTED),
            mentions: i64::try_from(mentions).unwrap().min(MAX_COUNTED),
            seq: self.head(),
            last_message_at: None,
            is_member: true,
            is_counted: true,
        }
    }
}

struct Model {
    rng: Rng,
    stored: Stored,
    counts: UnreadCounts,
    news: News,
    /// The counts that each user's socket was told; none: it has not listed its rooms.
    told: [Option<(i64, i64)>; 3],
    /// Mentions of which memory has not heard.
    mentions: Vec<(i64, usize)>,
    /// Lists that were read and have not been answered.
    listing: Vec<(u64, Unread)>,
    members: Vec<MemberView>,
}

impl Model {
    fn new(seed: u64) -> Self {
        let member = |id: &str| MemberView { id: id.into(), name: id.into(), avatar: None };
        Self {
            rng: Rng::with_seed(seed),
            stored: Stored::default(),
            counts: UnreadCounts::default(),
            news: News::default(),
            told: [None; 3],
            mentions: Vec::new(),
            listing: Vec::new(),
            members: USERS.map(member).into(),
        }
    }

    fn step(&mut self) {
        let user = self.rng.usize(..USERS.len());
        let id = UserId::from(USERS[user]);
        match self.rng.u8(..17) {
            // A reply that is shown only in its thread.
            16 => self.append(None),
            0..6 => {
                for _ in 0..if self.rng.u8(..20) == 0 { 120 } else { 1 } {
                    self.append(Some(user));
                    self.news.note_message(self.stored.head(), &id);
                    let mentioned: [bool; 3] =
                        std::array::from_fn(|other| other != user && self.rng.u8(..4) == 0);
                    *self.stored.mentioned.last_mut().unwrap() = mentioned;
                    let head = self.stored.head();
                    self.mentions.extend((0..3).filter(|other| mentioned[*other]).map(|other| (head, other)));
                }
                if self.rng.bool() {
                    self.hear_mentions();
                }
            }
            6 => {
                let place = self.rng.usize(..=self.stored.log.len());
                if let Some(message) = self.stored.log.get_mut(place) {
                    let sender = message.take();
                    self.append(None);
                    let seq = i64::try_from(place).unwrap() + 1;
                    let known = sender.filter(|_| self.rng.u8(..4) > 0);
                    let message = known.map(|sender| (seq, USERS[sender].into()));
                    self.news.note_deletion(Deletion { seq: self.stored.head(), message });
                }
            }
            // Another program's message, and one of which memory hears a number only.
            7 => {
                self.append(Some(user));
                self.news.note_doubt();
            }
            8 | 9 => {
                let head = self.stored.head();
                let seq = if self.rng.bool() { head } else { self.rng.i64(0..=head) };
                self.stored.read[user] = self.stored.read[user].max(seq);
                self.stored.unread_from[user] = None;
                self.news.note_read(&id, seq);
            }
            10 if self.stored.head() > 0 => {
                self.stored.unread_from[user] = Some(self.rng.i64(1..=self.stored.head()));
                self.news.note_doubt_of(&id);
            }
            11 => {
                self.counts.begin(&id);
                self.listing.push((self.counts.version(), self.stored.count(user)));
            }
            12 if !self.listing.is_empty() => {
                let (version, listed) = self.listing.remove(0);
                self.counts.seed(version, std::slice::from_ref(&listed));
                let reader = USERS.iter().position(|id| *id == listed.user_id.as_str()).unwrap();
                self.told[reader] = Some((listed.count, listed.mentions));
            }
            13 if self.told[user].is_some() && self.rng.u8(..4) == 0 => {
                self.counts.end(&id);
                self.listing.retain(|(_, listed)| listed.user_id != id);
                self.told[user] = None;
            }
            _ => {
                let is_available = self.rng.u8(..4) > 0;
                self.push(is_available);
            }
        }
    }

    fn append(&mut self, sender: Option<usize>) {
        self.stored.log.push(sender);
        self.stored.mentioned.push([false; 3]);
    }

    fn hear_mentions(&mut self) {
        for (seq, user) in std::mem::take(&mut self.mentions) {
            self.news.note_mention(seq, &USERS[user].into());
        }
    }

    fn push(&mut self, is_available: bool) {
        let news = std::mem::take(&mut self.news);
        let counted = Counted { may_enter: &|_| true, members: &self.members };
        let room_id = ROOM.into();
        self.counts.apply(&room_id, &news, news.concerns_everybody().then_some(&counted));
        let pairs = self.counts.take_doubtful(2);
        if is_available {
            let user = |id: &UserId| USERS.iter().position(|user| *user == id.as_str()).unwrap();
            let counted: Vec<Unread> = pairs.iter().map(|(_, id)| self.stored.count(user(id))).collect();
            self.counts.recounted(&pairs, &counted);
        } else {
            self.counts.put_back(pairs);
        }
        for (view, users) in self.counts.take_changed() {
            for id in users {
                let user = USERS.iter().position(|user| *user == id.as_str()).unwrap();
                if let Some(told) = &mut self.told[user] {
                    *told = (view.unread_count, view.mention_count);
                }
            }
        }
    }
}

#[test]
fn the_counts_told_in_the_end_are_those_of_the_database() {
    let mut told = 0;
    for seed in 0..3_000 {
        let mut model = Model::new(seed);
        for _ in 0..120 {
            model.step();
        }
        for (version, listed) in std::mem::take(&mut model.listing) {
            model.counts.seed(version, std::slice::from_ref(&listed));
            let reader = USERS.iter().position(|id| *id == listed.user_id.as_str()).unwrap();
            model.told[reader] = Some((listed.count, listed.mentions));
        }
        model.hear_mentions();
        for _ in 0..3 {
            model.push(true);
        }
        for (user, id) in USERS.into_iter().enumerate() {
            if let Some(count) = model.told[user] {
                told += 1;
                let stored = model.stored.count(user);
                assert_eq!(count, (stored.count, stored.mentions), "seed {seed}, {id}");
            }
        }
        assert!(model.counts.doubtful.is_empty() && model.counts.changed.is_empty());
    }
    assert!(told > 3_000, "{told}");
}

#[test]
fn equal_counts_of_a_room_are_one_packet_and_nothing_is_told_that_did_not_change() {
    let mut model = Model::new(0);
    for (user, id) in USERS.into_iter().enumerate() {
        model.counts.begin(&id.into());
        model.counts.seed(0, &[model.stored.count(user)]);
    }
    model.news.note_message(1, &"anna".into());
    model.news.note_message(2, &"anna".into());
    let counted = Counted { may_enter: &|_| true, members: &model.members };
    model.counts.apply(&ROOM.into(), &model.news, Some(&counted));
    let mut changed = model.counts.take_changed();
    assert_eq!(changed.len(), 1);
    let (view, mut users) = changed.remove(0);
    users.sort();
    assert_eq!((view.unread_count, view.seq), (2, 2));
    assert_eq!(users, [UserId::from("bob"), UserId::from("carol")]);
    assert!(model.counts.take_changed().is_empty());
}

#[test]
fn a_user_who_may_no_longer_enter_or_watches_no_more_is_not_counted() {
    let mut model = Model::new(0);
    for (user, id) in USERS.into_iter().enumerate() {
        model.counts.begin(&id.into());
        model.counts.seed(0, &[model.stored.count(user)]);
    }
    model.counts.end(&"carol".into());
    model.news.note_message(1, &"anna".into());
    let counted = Counted { may_enter: &|user_id| user_id.as_str() != "bob", members: &model.members[..1] };
    model.counts.apply(&ROOM.into(), &model.news, Some(&counted));
    assert!(model.counts.take_changed().is_empty());
    assert!(model.counts.take_doubtful(10).is_empty());
    model.counts.end(&"anna".into());
    model.counts.end(&"bob".into());
    assert!(model.counts.counts.is_empty() && model.counts.watching.is_empty());
}

#[test]
fn mentions_of_all_members_are_counted_in_memory() {
    let mut model = Model::new(0);
    for (user, id) in USERS.into_iter().enumerate() {
        model.counts.begin(&id.into());
        model.counts.seed(0, &[model.stored.count(user)]);
    }
    model.news.note_message(1, &"anna".into());
    for user in ["bob", "carol"] {
        model.news.note_mention(1, &user.into());
    }
    let counted = Counted { may_enter: &|_| true, members: &model.members };
    model.counts.apply(&ROOM.into(), &model.news, Some(&counted));
    assert!(model.counts.take_doubtful(10).is_empty());
    let (view, users) = model.counts.take_changed().remove(0);
    assert_eq!((view.unread_count, view.mention_count, users.len()), (1, 1, 2));
    // One that is heard of later may have been counted with its message.
    let mut late = News::default();
    late.note_mention(1, &"bob".into());
    model.counts.apply(&ROOM.into(), &late, None);
    assert_eq!(model.counts.take_doubtful(10), [(ROOM.into(), "bob".into())]);
}

#[test]
fn pairs_that_could_not_be_counted_stand_behind_the_others() {
    let mut model = Model::new(0);
    for (user, id) in USERS.into_iter().enumerate() {
        model.counts.begin(&id.into());
        model.counts.seed(0, &[model.stored.count(user)]);
    }
    model.news.note_doubt();
    model.counts.apply(&ROOM.into(), &model.news, None);
    let mut taken = Vec::new();
    for _ in USERS {
        let pairs = model.counts.take_doubtful(1);
        taken.push(pairs[0].1.to_string());
        model.counts.put_back(pairs);
    }
    taken.sort();
    assert_eq!(taken, USERS);
}

#[test]
fn a_deletion_of_a_message_that_memory_has_counted_needs_no_look_at_the_database() {
    let mut model = Model::new(0);
    for (user, id) in USERS.into_iter().enumerate() {
        model.counts.begin(&id.into());
        model.counts.seed(0, &[model.stored.count(user)]);
    }
    for seq in 1..=3 {
        model.news.note_message(seq, &"anna".into());
    }
    model.news.note_deletion(Deletion { seq: 4, message: Some((2, "anna".into())) });
    let counted = Counted { may_enter: &|_| true, members: &model.members };
    model.counts.apply(&ROOM.into(), &model.news, Some(&counted));
    assert!(model.counts.take_doubtful(10).is_empty());
    let (view, users) = model.counts.take_changed().remove(0);
    assert_eq!((view.unread_count, view.seq, users.len()), (2, 4, 2));
    // One that is not among the last entries may have been read.
    let mut old = News::default();
    old.note_deletion(Deletion { seq: 5, message: None });
    model.counts.apply(&ROOM.into(), &old, Some(&counted));
    assert_eq!(model.counts.take_doubtful(10).len(), 2);
}
