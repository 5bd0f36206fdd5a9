//! Our tables `room_head` and `room_log`, and with them every change to messages and reactions: a row and its entry in the
//! room's log are committed together, and entries of a room are numbered 1, 2, 3 without holes.

use std::sync::Arc;

use chrono::NaiveDateTime;
use diesel::{dsl::max, prelude::*, upsert::excluded};
use serde_json::Value;

use super::{
    Db, in_transaction,
    ledger::Ledger,
    messages::{MessageRow, find as find_message},
    on,
    reactions::ReactionRow,
    schema::{messages, reactions},
};
use crate::{
    chat::{
        id::{MessageId, RoomId, UserId},
        message::MessageType,
        timestamp::Timestamp,
    },
    error::Result,
    protocol::{MessageView, ReactionView},
};

/// A change that somebody who may make it asks for.
#[derive(Clone, Debug)]
pub struct Append {
    pub room_id: RoomId,
    pub actor_id: UserId,
    /// The actor's name in the database.
    pub actor_name: Arc<str>,
    pub change: Change,
}

impl Append {
    fn client_id(&self) -> Option<&str> {
        match &self.change {
            Change::New(message) => message.client_id.as_deref(),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Change {
    New(NewMessage),
    Edit { message_id: MessageId, content: String },
    Delete { message_id: MessageId },
    React { message_id: MessageId, emoji: Arc<str> },
    Unreact { message_id: MessageId, emoji: Arc<str> },
}

#[derive(Clone, Debug)]
pub struct NewMessage {
    pub content: String,
    pub kind: MessageType,
    pub metadata: Value,
    pub reply_to: Option<String>,
    /// The sender's own name for this message: the same one again is the same message.
    pub client_id: Option<String>,
}

/// An entry of a room's log, as committed.
#[derive(Clone, Debug)]
pub struct Entry {
    pub room_id: RoomId,
    pub seq: i64,
    pub told: Told,
}

/// What the members are told of an entry.
#[derive(Clone, Debug)]
pub enum Told {
    New(Arc<MessageView>),
    Updated(Arc<MessageView>),
    Deleted(MessageId),
    ReactionAdded {
        message_id: MessageId,
        reaction: ReactionView,
    },
    ReactionRemoved {
        message_id: MessageId,
        reaction: ReactionView,
    },
    /// The message of an older entry has been deleted since: a later entry tells so.
    Gone,
}

/// What became of an [`Append`].
#[derive(Clone, Debug)]
pub enum Appended {
    Entry(Entry),
    /// The client id was used before, for this same message.
    Repeated {
        message_id: MessageId,
        seq: i64,
    },
    /// The client id was used before, for another message.
    ClientIdTaken,
    /// The reaction is already there, or already gone.
    Unchanged,
    /// The message is not there, or not the actor's to change.
    NotFound,
}

/// The kinds of entries, as the table has them.
pub(super) mod kind {
    pub const NEW: &str = "new";
    pub const EDIT: &str = "edit";
    pub const DELETE: &str = "delete";
    pub const REACT: &str = "react";
    pub const UNREACT: &str = "unreact";
}

/// Actor, client id, message, fingerprint, seq.
pub(super) type KnownRow = (String, Option<String>, String, Option<String>, i64);

type StoredEntry = (i64, String, String, String, Option<String>);

/// The entries after `after` and before `before`, in order. New and edited messages are told as they are by now.
pub async fn list_between(db: &Db, room_id: &RoomId, after: i64, before: i64) -> Result<Vec<Entry>> {
    let rows: Vec<StoredEntry> = on!(db.readers, c => diesel_async::RunQueryDsl::load(own::room_log::table
        .filter(own::room_log::room_id.eq(room_id.as_str()))
        .filter(own::room_log::seq.gt(after).and(own::room_log::seq.lt(before)))
        .order(own::room_log::seq)
        .select((
            own::room_log::seq,
            own::room_log::kind,
            own::room_log::message_id,
            own::room_log::actor_id,
            own::room_log::body,
        )), c)
        .await?)?;
    let mut entries = Vec::with_capacity(rows.len());
    // From the end, to know which reactions a later entry tells: a view of today must not tell them as well.
    let mut told_later: Vec<(MessageId, ReactionView)> = Vec::new();
    for (seq, kind, message_id, actor_id, body) in rows.into_iter().rev() {
        let message_id = MessageId::from(message_id);
        let reaction = || ReactionView { emoji: body.unwrap_or_default().into(), user_id: actor_id.into() };
        let told = match kind.as_str() {
            kind::NEW | kind::EDIT => match find_message(db, &message_id).await? {
                Some(mut view) => {
                    view.seq = Some(seq);
                    view.reactions
                        .retain(|there| !told_later.iter().any(|(id, told)| *id == view.id && told == there));
                    if kind == kind::NEW { Told::New(Arc::new(view)) } else { Told::Updated(Arc::new(view)) }
                }
                None => Told::Gone,
            },
            kind::REACT => {
                let reaction = reaction();
                told_later.push((message_id.clone(), reaction.clone()));
                Told::ReactionAdded { message_id, reaction }
            }
            kind::UNREACT => Told::ReactionRemoved { message_id, reaction: reaction() },
            _ => Told::Deleted(message_id),
        };
        entries.push(Entry { room_id: room_id.clone(), seq, told });
    }
    entries.reverse();
    Ok(entries)
}

/// Commits all of `batch` in one transaction, in its order, and tells for each what became of it. One failing row fails all:
/// the caller then appends them one by one. `batch` is sorted by room, so that nodes never wait for each other in a circle.
#[expect(
    clippy::too_many_lines,
    reason = "one transaction, pasted for each database; what needs no SQL is in the ledger"
)]
pub async fn append(db: &Db, batch: Arc<[Append]>, now: Timestamp) -> Result<Vec<Appended>> {
    let now = now.naive();
    in_transaction!($ db write, c => {
        let mut ledger = Ledger::default();
        // The heads first: their locks order us against other nodes.
        for append in batch.iter() {
            if ledger.heads.contains_key(&append.room_id) {
                continue;
            }
            let room_id = append.room_id.as_str();
            let (seq, at): (i64, NaiveDateTime) = run!(c.get_result(diesel::insert_into(own::room_head::table)
                .values((own::room_head::room_id.eq(room_id), own::room_head::seq.eq(0), own::room_head::at.eq(now)))
                .on_conflict(own::room_head::room_id)
                .do_update()
                .set(own::room_head::room_id.eq(excluded(own::room_head::room_id)))
                .returning((own::room_head::seq, own::room_head::at))));
            let newest: Option<NaiveDateTime> = match seq {
                // The first entry of a room that has messages already: they are all older.
                0 => run!(c.get_result(messages::table
                    .filter(messages::room_id.eq(room_id))
                    .select(max(messages::created_at)))),
                _ => None,
            };
            ledger.open(&append.room_id, seq, newest.map_or(at, |newest| newest.max(at)), now);
        }

        let (actors, client_ids): (Vec<&str>, Vec<&str>) =
            batch.iter().filter_map(|append| Some((append.actor_id.as_str(), append.client_id()?))).unzip();
        if !client_ids.is_empty() {
            let rows: Vec<KnownRow> = run!(c.load(own::room_log::table
                .filter(own::room_log::actor_id.eq_any(actors))
                .filter(own::room_log::client_id.eq_any(client_ids))
                .select((
                    own::room_log::actor_id,
                    own::room_log::client_id,
                    own::room_log::message_id,
                    own::room_log::body,
                    own::room_log::seq,
                ))));
            rows.into_iter().for_each(|row| ledger.knows(row));
        }

        for append in batch.iter() {
            let (room_id, actor_id) = (append.room_id.as_str(), append.actor_id.as_str());
            match &append.change {
                Change::New(message) => ledger.new_message(append, message),
                Change::Edit { message_id, content } => {
                    let edited = run!(c.load(diesel::update(messages::table)
                        .filter(messages::id.eq(message_id.as_str()))
                        .filter(messages::room_id.eq(room_id).and(messages::sender_id.eq(actor_id)))
                        .set((messages::content.eq(content), messages::updated_at.eq(Some(now))))
                        .returning(MessageRow::as_returning())));
                    match edited.into_iter().next() {
                        Some(row) => {
                            let on_it: Vec<ReactionRow> = run!(c.load(reactions::table
                                .filter(reactions::message_id.eq(message_id.as_str()))
                                .order(reactions::id)));
                            ledger.edited(append, row, on_it);
                        }
                        None => ledger.nothing(Appended::NotFound),
                    }
                }
                Change::Delete { message_id } => {
                    let own_message: i64 = run!(c.get_result(messages::table
                        .filter(messages::id.eq(message_id.as_str()))
                        .filter(messages::room_id.eq(room_id).and(messages::sender_id.eq(actor_id)))
                        .count()));
                    if own_message == 0 {
                        ledger.nothing(Appended::NotFound);
                        continue;
                    }
                    let on_it = reactions::message_id.eq(message_id.as_str());
                    run!(c.execute(diesel::delete(reactions::table).filter(on_it)));
                    run!(c.execute(diesel::delete(messages::table.find(message_id.as_str()))));
                    ledger.deleted(append, message_id);
                }
                Change::React { message_id, emoji } => {
                    let there: i64 = run!(c.get_result(messages::table
                        .filter(messages::id.eq(message_id.as_str()).and(messages::room_id.eq(room_id)))
                        .count()));
                    let row = ReactionRow {
                        id: ledger.next_id(&append.room_id),
                        message_id: message_id.to_string(),
                        user_id: actor_id.to_owned(),
                        emoji: emoji.to_string(),
                    };
                    if there == 0 {
                        ledger.nothing(Appended::NotFound);
                        continue;
                    }
                    match run!(c.execute(diesel::insert_into(reactions::table).values(&row).on_conflict_do_nothing())) {
                        0 => ledger.nothing(Appended::Unchanged),
                        _ => ledger.reaction(append, message_id, emoji, true),
                    }
                }
                Change::Unreact { message_id, emoji } => {
                    let its = reactions::message_id.eq(message_id.as_str()).and(reactions::user_id.eq(actor_id));
                    match run!(c.execute(diesel::delete(reactions::table)
                        .filter(its.and(reactions::emoji.eq(emoji.as_ref())))))
                    {
                        0 => ledger.nothing(Appended::Unchanged),
                        _ => ledger.reaction(append, message_id, emoji, false),
                    }
                }
            }
        }

        let Ledger { heads, messages: new_messages, log, outcomes, .. } = ledger;
        if !new_messages.is_empty() {
            run!(c.execute(diesel::insert_into(messages::table).values(new_messages)));
        }
        if !log.is_empty() {
            let rows: Vec<_> = log
                .into_iter()
                .map(|row| (
                    own::room_log::room_id.eq(row.room_id),
                    own::room_log::seq.eq(row.seq),
                    own::room_log::kind.eq(row.kind),
                    own::room_log::message_id.eq(row.message_id),
                    own::room_log::actor_id.eq(row.actor_id),
                    own::room_log::client_id.eq(row.client_id),
                    own::room_log::body.eq(row.body),
                    own::room_log::at.eq(row.at),
                ))
                .collect();
            run!(c.execute(diesel::insert_into(own::room_log::table).values(rows)));
        }
        for (room_id, head) in heads.iter().filter(|(_, head)| head.advanced) {
            run!(c.execute(diesel::update(own::room_head::table.find(room_id.as_str()))
                .set((own::room_head::seq.eq(head.seq), own::room_head::at.eq(head.at)))));
        }
        Ok(outcomes)
    })
}
