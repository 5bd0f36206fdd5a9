//! The bookkeeping of one append batch: the entries' numbers, the outcome of each change, and the rows to write. No
//! SQL.

use std::{collections::HashMap, sync::Arc};

use chrono::{NaiveDateTime, TimeDelta};
use uuid::Uuid;

use super::{
    Append, Appended, Change, Entry, EntryBody, FirstUseRow, MessageEdited, NewMessage,
    changes::{Kind, Turn},
    note,
    rows::{Rows, Summaries},
};
use crate::{
    chat::id::{MessageId, RoomId, UserId},
    protocol::ThreadRootView,
};

/// The head of a room's log as this node left it.
#[derive(Clone, Copy)]
pub(super) struct Remembered {
    pub(super) seq: i64,
    pub(super) at: NaiveDateTime,
    /// Entries of the room that have that time.
    pub(super) sharing: u32,
}

/// A log entry that is not written yet.
pub(super) struct LogEntry {
    pub(super) room_id: RoomId,
    pub(super) seq: i64,
    pub(super) kind: &'static Kind,
    /// None in an entry that is about no message: it is stored as an empty text.
    pub(super) message_id: Option<MessageId>,
    pub(super) actor_id: UserId,
    pub(super) client_id: Option<String>,
    pub(super) body: Option<String>,
    pub(super) at: NaiveDateTime,
}

impl LogEntry {
    /// The text in the column of messages.
    pub(super) fn message_text(&self) -> &str {
        self.message_id.as_ref().map_or("", MessageId::as_str)
    }
}

/// The head of a room's log while entries are added to it.
pub(super) struct Head {
    /// The last entry's number when the batch was opened.
    pub(super) found: i64,
    pub(super) seq: i64,
    /// The time of the last entry, or now if that is later.
    pub(super) at: NaiveDateTime,
    /// Entries of the room that have that time.
    sharing: u32,
    now: NaiveDateTime,
    pub(super) advanced: bool,
}

impl Head {
    /// Returns the time of the next entry. Each entry has its own millisecond, so that a time is a cursor in history.
    /// Under load the entries run ahead of the clock. The further ahead they are, the more of them share a millisecond.
    /// So a room is about eight milliseconds ahead for each entry beyond the first of every millisecond: 32 ms at 5,000
    /// a second.
    fn next_at(&self) -> NaiveDateTime {
        let ahead = self.at - self.now;
        // A head this far ahead comes from another program's clock, not from load.
        let most = if ahead > CLOCKS_DIFFER { 1 } else { 1 + ahead.num_milliseconds() / MILLIS_AHEAD };
        if i64::from(self.sharing) < most { self.at } else { self.at + MILLISECOND }
    }

    fn advance(&mut self, turn: &Turn) {
        self.sharing = if self.at == turn.at { self.sharing.saturating_add(1) } else { 1 };
        (self.seq, self.at, self.advanced) = (turn.seq, turn.at, true);
    }

    pub(super) fn left(&self) -> Remembered {
        Remembered { seq: self.seq, at: self.at, sharing: self.sharing }
    }
}

/// The clocks of several machines are assumed to differ by less.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(1);
const MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);
/// For each of this many milliseconds that a room's entries run ahead of the clock, one more entry shares a
/// millisecond.
const MILLIS_AHEAD: i64 = 8;

/// An actor and a client id.
pub(super) type IdempotencyKey = (String, String);

/// The message that an idempotency key stands for, with its fingerprint from when it was sent.
#[derive(Clone)]
pub(super) struct FirstUse {
    message_id: MessageId,
    seq: i64,
    fingerprint: Option<String>,
}

#[derive(Default)]
pub(super) struct AppendBatch {
    pub(super) heads: HashMap<RoomId, Head>,
    pub(super) first_uses: HashMap<IdempotencyKey, FirstUse>,
    /// Idempotency keys under which a different message came.
    reused: Vec<IdempotencyKey>,
    pub(super) rows: Rows,
    pub(super) log: Vec<LogEntry>,
    pub(super) outcomes: Vec<Appended>,
}

/// The result of an append, once it is committed.
pub(super) struct Done {
    pub(super) outcomes: Vec<Appended>,
    pub(super) heads: HashMap<RoomId, Head>,
    pub(super) reused: Vec<(IdempotencyKey, FirstUse)>,
}

/// The fingerprint of a message under its idempotency key. It does not change when the message is edited later.
fn fingerprint(room_id: &RoomId, message: &NewMessage) -> String {
    let mut body =
        serde_json::json!([room_id, message.content, message.kind, message.metadata, message.reply_to]);
    if let (Some(thread), Some(body)) = (&message.thread, body.as_array_mut()) {
        body.push(serde_json::json!([thread.root_id, thread.also_to_room]));
    }
    Uuid::new_v5(&Uuid::NAMESPACE_OID, body.to_string().as_bytes()).to_string()
}

impl AppendBatch {
    pub(super) fn new(rows: Rows) -> Self {
        Self { rows, ..Self::default() }
    }

    /// Opens a room for appending. `last` is the time of the room's newest entry or message; `left` is the head as this
    /// node left it.
    pub(super) fn open(
        &mut self,
        room_id: &RoomId,
        (seq, last): (i64, NaiveDateTime),
        left: Option<Remembered>,
        now: NaiveDateTime,
    ) {
        let (at, sharing) = match left {
            _ if last < now => (now, 0),
            Some(left) if (left.seq, left.at) == (seq, last) => (last, left.sharing),
            // The number of entries that share this time is not known.
            _ => (last, u32::MAX),
        };
        let head = Head { found: seq, seq, at, sharing, now, advanced: false };
        self.heads.insert(room_id.clone(), head);
    }

    pub(super) fn done(mut self) -> Done {
        let reused = self.reused();
        Done { outcomes: self.outcomes, heads: self.heads, reused }
    }

    /// The idempotency keys under which a different message came, with the messages that they stand for.
    pub(super) fn reused(&mut self) -> Vec<(IdempotencyKey, FirstUse)> {
        let reused = std::mem::take(&mut self.reused);
        reused.into_iter().filter_map(|key| self.first_uses.remove_entry(&key)).collect()
    }

    pub(super) fn note_first_use(&mut self, row: FirstUseRow) {
        let (actor_id, client_id, message_id, body, seq) = row;
        let fingerprint = body.as_deref().and_then(note::fingerprint_in).map(str::to_owned);
        let first_use = FirstUse { message_id: message_id.into(), seq, fingerprint };
        self.first_uses.insert((actor_id, client_id.unwrap_or_default()), first_use);
    }

    /// Makes one change after those before it, and records its outcome.
    pub(super) fn make(&mut self, append: &Append, now: NaiveDateTime) {
        let outcome = self.try_make(append, now).unwrap_or_else(|outcome| outcome);
        self.outcomes.push(outcome);
    }

    /// Returns the entry of a change, or, as an error, the outcome of one that writes nothing.
    fn try_make(&mut self, append: &Append, now: NaiveDateTime) -> Result<Appended, Appended> {
        let first_use = match &append.change {
            Change::New(message) => self.claim_key(append, message)?,
            _ => None,
        };
        let turn = self.next_turn(&append.room_id, now);
        let body = append.change.kind().make(append, &mut self.rows, &turn)?;
        let fingerprint = first_use.as_ref().map(|(_, fingerprint)| fingerprint.as_str());
        // No change is a tombstone.
        let row = body.row(&|message| note::of_message(fingerprint, message)).ok_or(Appended::Unchanged)?;
        if let Some(head) = self.heads.get_mut(&append.room_id) {
            head.advance(&turn);
        }
        self.log.push(LogEntry {
            room_id: append.room_id.clone(),
            seq: turn.seq,
            kind: row.kind,
            message_id: row.message_id.clone(),
            actor_id: append.actor_id.clone(),
            client_id: first_use.as_ref().map(|((_, client_id), _)| client_id.clone()),
            body: row.body,
            at: turn.at,
        });
        if let (Some((key, fingerprint)), Some(message_id)) = (first_use, row.message_id) {
            let first_use = FirstUse { message_id, seq: turn.seq, fingerprint: Some(fingerprint) };
            self.first_uses.insert(key, first_use);
        }
        let root =
            self.rows.threads.take_touched().map(|id| Arc::new(ThreadRootView { id, thread_summary: None }));
        Ok(Appended::Entry(Entry { room_id: append.room_id.clone(), seq: turn.seq, body, root }))
    }

    /// Puts the states of threads, as the batch has left them, into the entries that have changed them, and into their roots
    /// that were edited.
    pub(super) fn note_threads(&mut self, summaries: &Summaries) {
        let entries = self.outcomes.iter_mut().filter_map(|outcome| match outcome {
            Appended::Entry(entry) => Some(entry),
            _ => None,
        });
        for entry in entries.filter(|_| !summaries.is_empty()) {
            if let Some(root) = &mut entry.root
                && let Some(summary) = summaries.get(&root.id)
            {
                Arc::make_mut(root).thread_summary.clone_from(summary);
            }
            if let EntryBody::Updated(MessageEdited(message)) = &mut entry.body
                && let Some(summary) = summaries.get(&message.id)
            {
                Arc::make_mut(message).thread_summary = summary.clone().map(Box::new);
            }
        }
    }

    /// Returns the idempotency key that a new message is the first to use, with its fingerprint; none if it has no key,
    /// or is stored without. An error is the outcome of a message that is not stored.
    fn claim_key(
        &mut self,
        append: &Append,
        message: &NewMessage,
    ) -> Result<Option<(IdempotencyKey, String)>, Appended> {
        let Some(client_id) = &message.client_id else { return Ok(None) };
        let fingerprint = fingerprint(&append.room_id, message);
        let key = (append.actor_id.to_string(), client_id.text.clone());
        let Some(first_use) = self.first_uses.get(&key) else { return Ok(Some((key, fingerprint))) };
        if first_use.fingerprint.as_ref() == Some(&fingerprint) {
            return Err(Appended::Duplicate { message_id: first_use.message_id.clone(), seq: first_use.seq });
        }
        if client_id.refuses_others {
            return Err(Appended::ClientIdTaken);
        }
        // The client reuses its key for a different message: the key stays with the first one.
        self.reused.push(key);
        Ok(None)
    }

    /// The number and the times of the room's next entry. The room must have been opened.
    fn next_turn(&self, room_id: &RoomId, now: NaiveDateTime) -> Turn {
        let (seq, at) = self.heads.get(room_id).map_or((1, now), |head| (head.seq + 1, head.next_at()));
        Turn { seq, at, now }
    }

    /// Replaces the notes in the log by those of the messages as triggers have stored them. The outcomes already have
    /// these.
    pub(super) fn note_as_stored(&mut self) {
        let entries = self.outcomes.iter().filter_map(|outcome| match outcome {
            Appended::Entry(entry) => Some(&entry.body),
            _ => None,
        });
        for (written, body) in self.log.iter_mut().zip(entries) {
            let fingerprint = written.body.as_deref().and_then(note::fingerprint_in);
            let row = body.row(&|message| note::of_message(fingerprint, message));
            if let Some(row) = row {
                written.body = row.body;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{ClientId, Heads},
        *,
    };
    use crate::chat::{mention::Mentioned, message::MessageType, timestamp::Timestamp};

    fn append(client_id: Option<(&str, bool)>, content: &str) -> Append {
        let client_id =
            client_id.map(|(text, refuses_others)| ClientId { text: text.to_owned(), refuses_others });
        let message = NewMessage {
            content: content.to_owned(),
            kind: MessageType::Text,
            metadata: serde_json::Value::Null,
            reply_to: None,
            client_id,
            mentioned: Mentioned::default(),
            thread: None,
        };
        let (room_id, actor_id) = ("room".into(), "anna".into());
        Append { room_id, actor_id, actor_name: "Anna".into(), change: Change::New(message) }
    }

    fn at(millis: i64) -> NaiveDateTime {
        Timestamp::from_millis(1_700_000_000_000 + millis).naive()
    }

    /// Commits this many entries at each moment; returns the times of all entries, in milliseconds.
    fn times(heads: &Heads, commits: impl Iterator<Item = (i64, usize)>) -> Vec<i64> {
        let mut times = Vec::new();
        for (now, count) in commits {
            let batch = [append(None, "x")];
            let mut writes = heads.open(&batch, at(now)).unwrap();
            (0..count).for_each(|_| writes.make(&batch[0], at(now)));
            times.extend(writes.log.iter().map(|entry| (entry.at - at(0)).num_milliseconds()));
            heads.keep(writes.heads);
        }
        times
    }

    fn heads(last: i64) -> Heads {
        let mut writes = AppendBatch::default();
        writes.open(&"room".into(), (0, at(last)), None, at(last));
        let heads = Heads::default();
        heads.keep(writes.heads);
        heads
    }

    fn most_in_one(times: &[i64]) -> usize {
        times.chunk_by(PartialEq::eq).map(<[_]>::len).max().unwrap()
    }

    #[test]
    fn entries_have_a_millisecond_each_and_those_of_a_large_commit_share_one_with_a_few() {
        let few = times(&heads(-9), [(0, 5), (1, 1), (7, 1)].into_iter());
        assert_eq!(few, [0, 1, 2, 3, 4, 5, 7]);
        let many = times(&heads(-9), [(0, 256)].into_iter());
        assert!(many.is_sorted());
        assert!(most_in_one(&many) <= 8, "{many:?}");
        assert!(many.last().unwrap() < &64, "{many:?}");
    }

    #[test]
    fn under_a_load_that_lasts_times_stay_near_the_clock() {
        // These are loads of 5,000 and 50,000 entries a second.
        for (each, most, ahead) in [(5, 6, 40), (50, 52, 420)] {
            let times = times(&heads(-9), (0..3_000).map(|now| (now, each)));
            assert!(times.is_sorted());
            assert!(most_in_one(&times) <= most, "{}", most_in_one(&times));
            assert!(times.iter().zip(0..).all(|(time, n)| time - n / (each as i64) < ahead));
        }
    }

    #[test]
    fn after_another_programs_clock_times_go_on_from_it_a_millisecond_each() {
        let times = times(&heads(3_600_000), [(0, 3), (1, 2)].into_iter());
        assert_eq!(times, [3_600_001, 3_600_002, 3_600_003, 3_600_004, 3_600_005]);
    }

    #[test]
    fn another_message_under_a_client_id_is_stored_without_it_or_refused_as_the_client_asks() {
        let mut writes = AppendBatch::default();
        writes.open(&"room".into(), (0, at(0)), None, at(1));
        let (lax, strict) = (Some(("tab-1", false)), Some(("tab-1", true)));
        for (client_id, content) in
            [(lax, "one"), (lax, "one"), (lax, "two"), (lax, "two"), (strict, "three"), (strict, "one")]
        {
            writes.make(&append(client_id, content), at(1));
        }
        let outcome = |outcome: &Appended| match outcome {
            Appended::Entry(entry) => format!("entry {}", entry.seq),
            Appended::Duplicate { seq, .. } => format!("repeated {seq}"),
            other => format!("{other:?}"),
        };
        let outcomes: Vec<String> = writes.outcomes.iter().map(outcome).collect();
        assert_eq!(outcomes, ["entry 1", "repeated 1", "entry 2", "entry 3", "ClientIdTaken", "repeated 1"]);
        let names: Vec<_> = writes.log.iter().map(|entry| entry.client_id.as_deref()).collect();
        assert_eq!(names, [Some("tab-1"), None, None]);
        let fingerprint = |entry: &LogEntry| note::fingerprint_in(entry.body.as_ref()?).map(str::to_owned);
        assert!(writes.log.iter().all(|entry| fingerprint(entry).is_some() == entry.client_id.is_some()));
        assert_eq!(writes.reused().len(), 1);
    }
}
