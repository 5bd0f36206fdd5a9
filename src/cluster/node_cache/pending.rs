//! A buffer of changes to Redis, bounded in number and in bytes: new messages, lists to be rewritten, read marks, and
//! rooms whose read marks are to be imported. Changes are coalesced by room and by user.

use std::collections::{HashMap, HashSet, VecDeque};

use tokio::sync::oneshot;

use crate::{
    chat::{
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    db::read_markers::ReadMark,
};

/// The most messages of a list, as the original trims it.
pub(super) const LIST_LENGTH: usize = 100;
/// Messages that may wait. If one more comes, its room's list is rewritten instead.
const MAX_MESSAGES: usize = 16_384;
/// Read marks that may wait. One more is dropped, as a later mark covers it.
const MAX_READ_MARKS: usize = 65_536;
/// Rooms whose lists are to be rewritten, and rooms with marks to import: the most of each.
const MAX_ROOMS: usize = 100_000;
/// The bytes that messages, read marks, and room ids may take, each.
const MAX_BYTES: usize = 16 << 20;
/// The estimated memory of an entry of a set or map beside its ids, in bytes.
const ENTRY_OVERHEAD: usize = 64;
/// The most messages and read marks of one batch, and the most bytes of its messages.
const MAX_BATCH: usize = 512;
const MAX_BATCH_BYTES: usize = 1 << 20;

pub(super) type Mark = ((RoomId, UserId), Timestamp);

/// New messages of one room, oldest first: no more than a list holds.
#[derive(Default)]
pub(super) struct Listing(VecDeque<(i64, String)>);

impl Listing {
    /// Drops the messages up to an entry of the room's log.
    pub(super) fn skip_until(&mut self, until: i64) {
        self.0.retain(|(seq, _)| *seq > until);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entry of the last message in the room's log.
    pub(super) fn until(&self) -> i64 {
        self.0.back().map_or(0, |(seq, _)| *seq)
    }

    /// The messages as they are listed, oldest first.
    pub(super) fn messages(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(_, json)| json)
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(_, json)| json.len() + ENTRY_OVERHEAD).sum()
    }
}

#[derive(Default)]
pub(super) struct Pending {
    messages: HashMap<RoomId, Listing>,
    count: usize,
    stale: HashSet<RoomId>,
    reads: HashMap<(RoomId, UserId), Timestamp>,
    imports: HashSet<RoomId>,
    message_bytes: usize,
    read_bytes: usize,
    room_bytes: usize,
    /// Too many rooms were stale: no list is known to be up to date any more.
    pub(super) is_lost: bool,
    /// The number of read marks that were dropped because the buffer was full.
    pub(super) dropped: usize,
    /// Callers that wait until everything is written.
    pub(super) flushes: Vec<oneshot::Sender<()>>,
}

fn size_of_room(room_id: &RoomId) -> usize {
    room_id.as_str().len() + ENTRY_OVERHEAD
}

fn size_of_mark((room_id, user_id): &(RoomId, UserId)) -> usize {
    room_id.as_str().len() + user_id.as_str().len() + ENTRY_OVERHEAD
}

impl Pending {
    pub(super) fn has_work(&self) -> bool {
        !(self.messages.is_empty()
            && self.stale.is_empty()
            && self.reads.is_empty()
            && self.imports.is_empty())
    }

    /// True if messages or read marks are pending.
    pub(super) fn has_writes(&self) -> bool {
        !(self.messages.is_empty() && self.reads.is_empty())
    }

    /// Adds a new message in its listed form. If the buffer is full, the room's list is rewritten later.
    pub(super) fn push_message(&mut self, room_id: &RoomId, seq: i64, json: String) {
        if self.stale.contains(room_id) {
            return;
        }
        let bytes = json.len() + ENTRY_OVERHEAD;
        if self.count >= MAX_MESSAGES || self.message_bytes + bytes > MAX_BYTES {
            return self.push_stale(room_id);
        }
        let listing = self.messages.entry(room_id.clone()).or_default();
        listing.0.push_back((seq, json));
        (self.count, self.message_bytes) = (self.count + 1, self.message_bytes + bytes);
        if listing.0.len() > LIST_LENGTH
            && let Some((_, json)) = listing.0.pop_front()
        {
            (self.count, self.message_bytes) =
                (self.count - 1, self.message_bytes - json.len() - ENTRY_OVERHEAD);
        }
    }

    /// Marks the room's list for a rewrite, which replaces the messages that are pending for it.
    pub(super) fn push_stale(&mut self, room_id: &RoomId) {
        self.take_listing(room_id);
        if self.stale.contains(room_id) {
            return;
        }
        let bytes = size_of_room(room_id);
        if self.stale.len() >= MAX_ROOMS || self.room_bytes + bytes > MAX_BYTES {
            self.is_lost = true;
        } else {
            self.room_bytes += bytes;
            self.stale.insert(room_id.clone());
        }
    }

    pub(super) fn push_read(&mut self, mark: &ReadMark) {
        self.push_mark((mark.room_id.clone(), mark.user_id.clone()), mark.at);
    }

    fn push_mark(&mut self, key: (RoomId, UserId), at: Timestamp) {
        if let Some(there) = self.reads.get_mut(&key) {
            *there = at.max(*there);
            return;
        }
        let bytes = size_of_mark(&key);
        if self.reads.len() >= MAX_READ_MARKS || self.read_bytes + bytes > MAX_BYTES {
            self.dropped += 1;
        } else {
            self.read_bytes += bytes;
            self.reads.insert(key, at);
        }
    }

    /// Marks the room for an import of Node's read marks. If the buffer is full, they are imported the next time the
    /// room is loaded.
    pub(super) fn push_import(&mut self, room_id: &RoomId) {
        let bytes = size_of_room(room_id);
        if self.imports.len() < MAX_ROOMS
            && self.room_bytes + bytes <= MAX_BYTES
            && self.imports.insert(room_id.clone())
        {
            self.room_bytes += bytes;
        }
    }

    fn take_listing(&mut self, room_id: &RoomId) -> Option<Listing> {
        let listing = self.messages.remove(room_id)?;
        (self.count, self.message_bytes) =
            (self.count - listing.0.len(), self.message_bytes - listing.bytes());
        Some(listing)
    }

    /// Takes the new messages of some rooms, as many as fit one pipeline, but of at least one room.
    pub(super) fn take_messages(&mut self) -> HashMap<RoomId, Listing> {
        let (mut rooms, mut count, mut bytes) = (Vec::new(), 0, 0);
        for (room_id, listing) in &self.messages {
            (count, bytes) = (count + listing.0.len(), bytes + listing.bytes());
            if !rooms.is_empty() && (count > MAX_BATCH || bytes > MAX_BATCH_BYTES) {
                break;
            }
            rooms.push(room_id.clone());
        }
        rooms
            .into_iter()
            .filter_map(|room_id| Some((room_id.clone(), self.take_listing(&room_id)?)))
            .collect()
    }

    /// Takes some read marks, as many as fit one pipeline.
    pub(super) fn take_reads(&mut self) -> Vec<Mark> {
        let keys: Vec<(RoomId, UserId)> = self.reads.keys().take(MAX_BATCH).cloned().collect();
        let taken: Vec<Mark> = keys.into_iter().filter_map(|key| self.reads.remove_entry(&key)).collect();
        self.read_bytes -= taken.iter().map(|(key, _)| size_of_mark(key)).sum::<usize>();
        taken
    }

    /// Puts back marks that could not be written.
    pub(super) fn put_back_reads(&mut self, marks: Vec<Mark>) {
        marks.into_iter().for_each(|(key, at)| self.push_mark(key, at));
    }

    /// Takes some rooms whose lists are to be rewritten. Changes that are noted after this call follow the rewrite.
    pub(super) fn take_stale(&mut self, count: usize) -> Vec<RoomId> {
        let taken = take_some(&mut self.stale, count);
        self.room_bytes -= taken.iter().map(size_of_room).sum::<usize>();
        taken
    }

    /// Takes some rooms with marks to import.
    pub(super) fn take_imports(&mut self, count: usize) -> Vec<RoomId> {
        let taken = take_some(&mut self.imports, count);
        self.room_bytes -= taken.iter().map(size_of_room).sum::<usize>();
        taken
    }
}

fn take_some(rooms: &mut HashSet<RoomId>, count: usize) -> Vec<RoomId> {
    let some: Vec<RoomId> = rooms.iter().take(count).cloned().collect();
    some.iter().for_each(|room_id| {
        rooms.remove(room_id);
    });
    some
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(n: usize) -> RoomId {
        format!("room-{n}").into()
    }

    fn mark(n: usize, millis: i64) -> ReadMark {
        ReadMark { room_id: room(n), user_id: "anna".into(), at: Timestamp::from_millis(millis), seq: None }
    }

    fn bytes(pending: &Pending) -> [usize; 3] {
        [pending.message_bytes, pending.read_bytes, pending.room_bytes]
    }

    fn is_bounded(pending: &Pending) -> bool {
        bytes(pending).iter().all(|bytes| *bytes <= MAX_BYTES)
    }

    /// Takes everything that is pending; all counters must then be zero.
    fn drain(pending: &mut Pending) -> (usize, usize, usize, usize) {
        let (mut messages, mut reads) = (0, 0);
        loop {
            let (listings, marks) = (pending.take_messages(), pending.take_reads());
            if listings.is_empty() && marks.is_empty() {
                break;
            }
            messages += listings.values().map(|listing| listing.messages().count()).sum::<usize>();
            reads += marks.len();
        }
        let (stale, imports) = (pending.take_stale(usize::MAX).len(), pending.take_imports(usize::MAX).len());
        assert_eq!((bytes(pending), pending.count, pending.has_work()), ([0; 3], 0, false));
        (messages, reads, stale, imports)
    }

    #[test]
    fn pending_messages_are_bounded_in_number_and_the_next_has_its_list_rewritten() {
        let mut pending = Pending::default();
        (0..=MAX_MESSAGES).for_each(|n| pending.push_message(&room(n), 1, "{}".to_owned()));
        assert_eq!(drain(&mut pending), (MAX_MESSAGES, 0, 1, 0));
    }

    #[test]
    fn pending_messages_are_bounded_in_bytes_and_the_next_has_its_list_rewritten() {
        const LARGE: usize = 1 << 20;
        let mut pending = Pending::default();
        for n in 0..40 {
            pending.push_message(&room(n), 1, "x".repeat(LARGE));
            assert!(is_bounded(&pending), "{:?}", bytes(&pending));
        }
        assert!(!pending.is_lost);
        assert_eq!(drain(&mut pending), (15, 0, 25, 0));
    }

    #[test]
    fn a_room_has_no_more_pending_messages_than_its_list_holds() {
        let mut pending = Pending::default();
        (1..=250).for_each(|seq| pending.push_message(&room(1), seq, seq.to_string()));
        let taken = pending.take_messages();
        let listing = &taken[&room(1)];
        assert_eq!((listing.messages().next().unwrap().as_str(), listing.until()), ("151", 250));
        assert_eq!(drain(&mut pending), (0, 0, 0, 0));
    }

    #[test]
    fn a_list_that_is_to_be_rewritten_drops_its_pending_messages() {
        let mut pending = Pending::default();
        pending.push_message(&room(1), 1, "{}".to_owned());
        pending.push_stale(&room(1));
        pending.push_message(&room(1), 2, "{}".to_owned());
        assert_eq!(drain(&mut pending), (0, 0, 1, 0));
    }

    #[test]
    fn rooms_and_marks_are_bounded_in_number_and_in_bytes() {
        let mut pending = Pending::default();
        for n in 0..MAX_ROOMS + 5 {
            pending.push_stale(&room(n));
            pending.push_read(&mark(n, 1));
        }
        assert!(pending.is_lost, "no list is known to be true");
        assert_eq!(pending.dropped, MAX_ROOMS + 5 - MAX_READ_MARKS);
        assert_eq!(drain(&mut pending), (0, MAX_READ_MARKS, MAX_ROOMS, 0));
        for n in 0..30_000 {
            let room_id = RoomId::from(format!("{n}-{}", "x".repeat(2_000)));
            pending.push_stale(&room_id);
            pending.push_import(&room_id);
            pending.push_read(&ReadMark { room_id, ..mark(0, 1) });
            assert!(is_bounded(&pending), "{:?}", bytes(&pending));
        }
        drain(&mut pending);
    }

    #[test]
    fn a_mark_never_goes_back() {
        let mut pending = Pending::default();
        pending.push_read(&mark(1, 5));
        pending.push_read(&mark(1, 3));
        let taken = pending.take_reads();
        pending.push_read(&mark(1, 9));
        pending.put_back_reads(taken);
        assert_eq!(pending.take_reads()[0].1.millis(), 9);
    }

    #[test]
    fn a_pipeline_is_bounded_in_number_and_in_bytes() {
        let mut pending = Pending::default();
        (0..2 * MAX_BATCH).for_each(|n| pending.push_message(&room(n), 1, "{}".to_owned()));
        assert_eq!(pending.take_messages().len(), MAX_BATCH);
        drain(&mut pending);
        (0..3).for_each(|n| pending.push_message(&room(n), 1, "x".repeat(MAX_BATCH_BYTES * 2)));
        assert_eq!(pending.take_messages().len(), 1, "one that is alone is never too much");
    }
}
