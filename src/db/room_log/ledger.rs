//! The bookkeeping of one append: which numbers the entries get, what each change came to, what is to be written. No SQL.

use std::{collections::HashMap, sync::Arc};

use chrono::{NaiveDateTime, TimeDelta};
use uuid::Uuid;

use super::{Append, Appended, Entry, KnownRow, NewMessage, Told, kind};
use crate::{
    chat::id::{MessageId, RoomId, UserId, ordered_uuid},
    db::{messages::MessageRow, reactions::ReactionRow},
    protocol::{MessageView, ReactionView, SenderView},
};

/// An entry of the log before it is written.
pub(super) struct LogEntry {
    pub(super) room_id: RoomId,
    pub(super) seq: i64,
    pub(super) kind: &'static str,
    pub(super) message_id: MessageId,
    pub(super) actor_id: UserId,
    pub(super) client_id: Option<String>,
    pub(super) body: Option<String>,
    pub(super) at: NaiveDateTime,
}

/// The head of a room's log while entries are added to it.
pub(super) struct Head {
    /// Where it was when the ledger was opened.
    pub(super) found: i64,
    pub(super) seq: i64,
    /// The time of the last entry, or now if that is later.
    pub(super) at: NaiveDateTime,
    ahead: bool,
    pub(super) advanced: bool,
}

/// Clocks of several machines differ by less.
const AHEAD: TimeDelta = TimeDelta::seconds(1);
const MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);

/// What a client id stands for: a message, and what it was when it was sent.
struct Known {
    message_id: MessageId,
    seq: i64,
    fingerprint: Option<String>,
}

/// Rooms whose head is remembered at the most.
const REMEMBERED: usize = 100_000;

/// The heads as this node left them: what it expects of the next append, not what is so. Other nodes append too.
#[derive(Default)]
pub struct Heads(HashMap<RoomId, (i64, NaiveDateTime)>);

impl Heads {
    pub fn is_known(&self, room_id: &RoomId) -> bool {
        self.0.contains_key(room_id)
    }

    /// A ledger of these rooms, if the heads of all are known. They are known again when the ledger is kept.
    pub(super) fn open(&mut self, batch: &[Append], now: NaiveDateTime) -> Option<Ledger> {
        let mut ledger = Ledger::default();
        for append in batch {
            if !ledger.heads.contains_key(&append.room_id) {
                let (seq, at) = self.0.remove(&append.room_id)?;
                ledger.open(&append.room_id, seq, at, now);
            }
        }
        Some(ledger)
    }

    /// Remembers the heads of what was committed.
    pub(super) fn keep(&mut self, heads: HashMap<RoomId, Head>) {
        if self.0.len() + heads.len() > REMEMBERED {
            self.0.clear();
        }
        self.0.extend(heads.into_iter().map(|(room_id, head)| (room_id, (head.seq, head.at))));
    }
}

#[derive(Default)]
pub(super) struct Ledger {
    pub(super) heads: HashMap<RoomId, Head>,
    /// By actor and client id.
    known: HashMap<(String, String), Known>,
    /// New ones, each with its entry in the log.
    pub(super) messages: Vec<Arc<MessageView>>,
    pub(super) log: Vec<LogEntry>,
    pub(super) outcomes: Vec<Appended>,
}

/// What identifies a message under its client id, whatever is edited later.
fn fingerprint(room_id: &RoomId, message: &NewMessage) -> String {
    let body =
        serde_json::json!([room_id, message.content, message.kind, message.metadata, message.reply_to]);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, body.to_string().as_bytes()).to_string()
}

impl Ledger {
    /// `last` is the time of the room's newest entry or message. Where another program's clock ran ahead of ours, each entry
    /// is a millisecond later than the one before: they must not all be of one millisecond until we have caught up.
    pub(super) fn open(&mut self, room_id: &RoomId, seq: i64, last: NaiveDateTime, now: NaiveDateTime) {
        let ahead = last > now + AHEAD;
        let at = if ahead { last } else { last.max(now) };
        self.heads.insert(room_id.clone(), Head { found: seq, seq, at, ahead, advanced: false });
    }

    pub(super) fn knows(&mut self, row: KnownRow) {
        let (actor_id, client_id, message_id, fingerprint, seq) = row;
        let known = Known { message_id: message_id.into(), seq, fingerprint };
        self.known.insert((actor_id, client_id.unwrap_or_default()), known);
    }

    /// The number and the time that the room's next entry gets. The room was opened.
    fn next(&self, room_id: &RoomId) -> (i64, NaiveDateTime) {
        let Some(head) = self.heads.get(room_id) else { return (1, NaiveDateTime::default()) };
        (head.seq + 1, if head.ahead { head.at + MILLISECOND } else { head.at })
    }

    /// An id for what the room's next entry makes.
    pub(super) fn next_id(&self, room_id: &RoomId) -> Uuid {
        let (seq, at) = self.next(room_id);
        ordered_uuid(at.into(), seq, Uuid::new_v4())
    }

    pub(super) fn new_message(&mut self, append: &Append, message: &NewMessage) {
        let print = message.client_id.is_some().then(|| fingerprint(&append.room_id, message));
        let key =
            message.client_id.as_ref().map(|client_id| (append.actor_id.to_string(), client_id.clone()));
        if let Some(known) = key.as_ref().and_then(|key| self.known.get(key)) {
            self.outcomes.push(if known.fingerprint == print {
                Appended::Repeated { message_id: known.message_id.clone(), seq: known.seq }
            } else {
                Appended::ClientIdTaken
            });
            return;
        }
        let (seq, at) = self.next(&append.room_id);
        let id = MessageId::from(ordered_uuid(at.into(), seq, Uuid::new_v4()));
        if let Some(key) = key {
            self.known.insert(key, Known { message_id: id.clone(), seq, fingerprint: print.clone() });
        }
        let view = Arc::new(MessageView {
            id: id.clone(),
            room_id: append.room_id.clone(),
            sender_id: append.actor_id.clone(),
            content: message.content.clone(),
            kind: message.kind,
            metadata: message.metadata.clone(),
            reply_to: message.reply_to.clone(),
            created_at: at.into(),
            updated_at: None,
            sender_name: append.actor_name.clone(),
            sender: SenderView { name: append.actor_name.clone() },
            reactions: Vec::new(),
        });
        self.messages.push(Arc::clone(&view));
        self.entry(append, kind::NEW, id, Told::New(view));
        if let Some(written) = self.log.last_mut() {
            (written.client_id, written.body) = (message.client_id.clone(), print);
        }
    }

    pub(super) fn edited(&mut self, append: &Append, row: MessageRow, on_it: Vec<ReactionRow>) {
        let id = MessageId::from(row.id.as_str());
        let on_it = on_it.into_iter().map(ReactionView::from).collect();
        let view = row.into_view(append.actor_name.clone(), on_it);
        self.entry(append, kind::EDIT, id, Told::Updated(Arc::new(view)));
    }

    pub(super) fn deleted(&mut self, append: &Append, id: &MessageId) {
        self.entry(append, kind::DELETE, id.clone(), Told::Deleted(id.clone()));
    }

    pub(super) fn reaction(&mut self, append: &Append, id: &MessageId, emoji: &Arc<str>, added: bool) {
        let message_id = id.clone();
        let reaction = ReactionView { emoji: emoji.clone(), user_id: append.actor_id.clone() };
        let (kind, told) = match added {
            true => (kind::REACT, Told::ReactionAdded { message_id, reaction }),
            false => (kind::UNREACT, Told::ReactionRemoved { message_id, reaction }),
        };
        self.entry(append, kind, id.clone(), told);
        if let Some(written) = self.log.last_mut() {
            written.body = Some(emoji.to_string());
        }
    }

    /// A change that came to nothing.
    pub(super) fn nothing(&mut self, outcome: Appended) {
        self.outcomes.push(outcome);
    }

    fn entry(&mut self, append: &Append, kind: &'static str, message_id: MessageId, told: Told) {
        let (seq, at) = self.next(&append.room_id);
        if let Some(head) = self.heads.get_mut(&append.room_id) {
            head.seq = seq;
            head.at = at;
            head.advanced = true;
        }
        self.log.push(LogEntry {
            room_id: append.room_id.clone(),
            seq,
            kind,
            message_id,
            actor_id: append.actor_id.clone(),
            client_id: None,
            body: None,
            at,
        });
        self.outcomes.push(Appended::Entry(Entry { room_id: append.room_id.clone(), seq, told }));
    }
}
