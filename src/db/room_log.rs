//! Our tables `room_head` and `room_log`, and with them every change to messages and reactions: a row and its entry in the
//! room's log are committed together, and entries of a room are numbered 1, 2, 3 without holes.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDateTime;
use diesel::{prelude::*, upsert::excluded};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Db, in_transaction,
    messages::{self, MessageRow},
    on,
    reactions::ReactionRow,
    schema::{messages as message_table, reactions},
    types::{JsonRow, MessageTypeRow},
};
use crate::{
    chat::{
        id::{MessageId, RoomId, UserId, ordered_uuid},
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
    ReactionAdded { message_id: MessageId, reaction: ReactionView },
    ReactionRemoved { message_id: MessageId, reaction: ReactionView },
    /// The message of an older entry has been deleted since: a later entry tells so.
    Gone,
}

/// What became of an [`Append`].
#[derive(Clone, Debug)]
pub enum Appended {
    Entry(Entry),
    /// The client id was used before, for this same message.
    Repeated(MessageId),
    /// The client id was used before, for another message.
    ClientIdTaken,
    /// The reaction is already there, or already gone.
    Unchanged,
    /// The message is not there, or not the actor's to change.
    NotFound,
}

/// The kinds of entries, as the table has them.
mod kind {
    pub const NEW: &str = "new";
    pub const EDIT: &str = "edit";
    pub const DELETE: &str = "delete";
    pub const REACT: &str = "react";
    pub const UNREACT: &str = "unreact";
}

struct Head {
    seq: i64,
    at: NaiveDateTime,
    advanced: bool,
}

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
    for (seq, kind, message_id, actor_id, body) in rows {
        let message_id = MessageId::from(message_id);
        let reaction = || ReactionView { emoji: body.unwrap_or_default().into(), user_id: actor_id.into() };
        let told = match kind.as_str() {
            kind::NEW | kind::EDIT => match messages::find(db, &message_id).await? {
                Some(mut view) => {
                    view.seq = Some(seq);
                    if kind == kind::NEW { Told::New(Arc::new(view)) } else { Told::Updated(Arc::new(view)) }
                }
                None => Told::Gone,
            },
            kind::REACT => Told::ReactionAdded { message_id, reaction: reaction() },
            kind::UNREACT => Told::ReactionRemoved { message_id, reaction: reaction() },
            _ => Told::Deleted(message_id),
        };
        entries.push(Entry { room_id: room_id.clone(), seq, told });
    }
    Ok(entries)
}

/// A row of the log before it is written.
struct LogRow {
    room_id: String,
    seq: i64,
    kind: &'static str,
    message_id: String,
    actor_id: String,
    client_id: Option<String>,
    body: Option<String>,
    at: NaiveDateTime,
}

/// What identifies a message under its client id, whatever is edited later.
fn fingerprint(room_id: &RoomId, message: &NewMessage) -> String {
    let body = serde_json::json!([room_id, message.content, message.kind, message.metadata, message.reply_to]);
    Uuid::new_v5(&Uuid::NAMESPACE_OID, body.to_string().as_bytes()).to_string()
}

/// Commits all of `batch` in one transaction, in its order, and tells for each what became of it. One failing row fails all:
/// the caller then appends them one by one. `batch` is sorted by room, so that nodes never wait for each other in a circle.
pub async fn append(db: &Db, batch: Arc<[Append]>, now: Timestamp) -> Result<Vec<Appended>> {
    let now = now.naive();
    in_transaction!($ db write, c => {
        // The heads first: their locks order us against other nodes.
        let mut heads: HashMap<&str, Head> = HashMap::new();
        for append in batch.iter() {
            let room_id = append.room_id.as_str();
            if heads.contains_key(room_id) {
                continue;
            }
            let (seq, at): (i64, NaiveDateTime) = run!(c.get_result(diesel::insert_into(own::room_head::table)
                .values((
                    own::room_head::room_id.eq(room_id),
                    own::room_head::seq.eq(0),
                    own::room_head::at.eq(now),
                ))
                .on_conflict(own::room_head::room_id)
                .do_update()
                .set(own::room_head::room_id.eq(excluded(own::room_head::room_id)))
                .returning((own::room_head::seq, own::room_head::at))));
            let mut at = at.max(now);
            if seq == 0 {
                let newest: Option<NaiveDateTime> = run!(c.get_result(message_table::table
                    .filter(message_table::room_id.eq(room_id))
                    .select(diesel::dsl::max(message_table::created_at))));
                at = newest.map_or(at, |newest| at.max(newest));
            }
            heads.insert(room_id, Head { seq, at, advanced: false });
        }

        // What the client ids of this batch stand for already: (actor, client id) => (message, fingerprint).
        let client_ids: Vec<&str> = batch
            .iter()
            .filter_map(|append| match &append.change {
                Change::New(message) => message.client_id.as_deref(),
                _ => None,
            })
            .collect();
        let mut known: HashMap<(String, String), (String, Option<String>)> = HashMap::new();
        if !client_ids.is_empty() {
            let rows: Vec<(String, Option<String>, String, Option<String>)> = run!(c.load(own::room_log::table
                .filter(own::room_log::client_id.eq_any(client_ids))
                .select((
                    own::room_log::actor_id,
                    own::room_log::client_id,
                    own::room_log::message_id,
                    own::room_log::body,
                ))));
            for (actor_id, client_id, message_id, body) in rows {
                known.insert((actor_id, client_id.unwrap_or_default()), (message_id, body));
            }
        }

        let mut new_rows: Vec<MessageRow> = Vec::new();
        let mut log: Vec<LogRow> = Vec::with_capacity(batch.len());
        let mut outcomes: Vec<Appended> = Vec::with_capacity(batch.len());
        for append in batch.iter() {
            let (room_id, actor_id) = (append.room_id.as_str(), append.actor_id.as_str());
            let Some(head) = heads.get_mut(room_id) else {
                return Err(diesel::result::Error::NotFound);
            };
            let (seq, at) = (head.seq + 1, head.at);
            let new_id = || ordered_uuid(at.into(), seq, Uuid::new_v4()).to_string();
            let (kind, message_id, told, client_id, body) = match &append.change {
                Change::New(message) => {
                    let print = message.client_id.is_some().then(|| fingerprint(&append.room_id, message));
                    if let Some(client_id) = &message.client_id {
                        let key = (actor_id.to_owned(), client_id.clone());
                        if let Some((first, first_print)) = known.get(&key) {
                            outcomes.push(if *first_print == print {
                                Appended::Repeated(first.as_str().into())
                            } else {
                                Appended::ClientIdTaken
                            });
                            continue;
                        }
                    }
                    let row = MessageRow {
                        id: new_id(),
                        room_id: room_id.to_owned(),
                        sender_id: actor_id.to_owned(),
                        content: message.content.clone(),
                        kind: MessageTypeRow(message.kind),
                        metadata: JsonRow(message.metadata.clone()),
                        reply_to: message.reply_to.clone(),
                        created_at: at,
                        updated_at: None,
                    };
                    if let Some(client_id) = &message.client_id {
                        known.insert((actor_id.to_owned(), client_id.clone()), (row.id.clone(), print.clone()));
                    }
                    new_rows.push(row.clone());
                    let id = row.id.clone();
                    let view = row.into_view(append.actor_name.clone(), Vec::new(), Some(seq));
                    (kind::NEW, id, Told::New(Arc::new(view)), message.client_id.clone(), print)
                }
                Change::Edit { message_id, content } => {
                    let edited = run!(c.load(diesel::update(message_table::table)
                        .filter(message_table::id.eq(message_id.as_str()))
                        .filter(message_table::room_id.eq(room_id).and(message_table::sender_id.eq(actor_id)))
                        .set((message_table::content.eq(content), message_table::updated_at.eq(Some(now))))
                        .returning(MessageRow::as_returning())));
                    let Some(row) = edited.into_iter().next() else {
                        outcomes.push(Appended::NotFound);
                        continue;
                    };
                    let on_it: Vec<ReactionRow> = run!(c.load(reactions::table
                        .filter(reactions::message_id.eq(message_id.as_str()))
                        .order(reactions::id)));
                    let on_it = on_it.into_iter().map(ReactionView::from).collect();
                    let view = row.into_view(append.actor_name.clone(), on_it, Some(seq));
                    (kind::EDIT, message_id.to_string(), Told::Updated(Arc::new(view)), None, None)
                }
                Change::Delete { message_id } => {
                    let own_message: Vec<String> = run!(c.load(message_table::table
                        .filter(message_table::id.eq(message_id.as_str()))
                        .filter(message_table::room_id.eq(room_id).and(message_table::sender_id.eq(actor_id)))
                        .select(message_table::id)));
                    if own_message.is_empty() {
                        outcomes.push(Appended::NotFound);
                        continue;
                    }
                    run!(c.execute(diesel::delete(reactions::table)
                        .filter(reactions::message_id.eq(message_id.as_str()))));
                    run!(c.execute(diesel::delete(message_table::table).filter(message_table::id.eq(message_id.as_str()))));
                    (kind::DELETE, message_id.to_string(), Told::Deleted(message_id.clone()), None, None)
                }
                Change::React { message_id, emoji } => {
                    let there: Vec<String> = run!(c.load(message_table::table
                        .filter(message_table::id.eq(message_id.as_str()).and(message_table::room_id.eq(room_id)))
                        .select(message_table::id)));
                    if there.is_empty() {
                        outcomes.push(Appended::NotFound);
                        continue;
                    }
                    let row = ReactionRow {
                        id: new_id(),
                        message_id: message_id.to_string(),
                        user_id: actor_id.to_owned(),
                        emoji: emoji.to_string(),
                    };
                    let added = run!(c.execute(diesel::insert_into(reactions::table)
                        .values(&row)
                        .on_conflict_do_nothing()));
                    if added == 0 {
                        outcomes.push(Appended::Unchanged);
                        continue;
                    }
                    let told = Told::ReactionAdded { message_id: message_id.clone(), reaction: row.into() };
                    (kind::REACT, message_id.to_string(), told, None, Some(emoji.to_string()))
                }
                Change::Unreact { message_id, emoji } => {
                    let removed = run!(c.execute(diesel::delete(reactions::table)
                        .filter(reactions::message_id.eq(message_id.as_str()))
                        .filter(reactions::user_id.eq(actor_id).and(reactions::emoji.eq(emoji.as_ref())))));
                    if removed == 0 {
                        outcomes.push(Appended::Unchanged);
                        continue;
                    }
                    let reaction = ReactionView { emoji: emoji.clone(), user_id: append.actor_id.clone() };
                    let told = Told::ReactionRemoved { message_id: message_id.clone(), reaction };
                    (kind::UNREACT, message_id.to_string(), told, None, Some(emoji.to_string()))
                }
            };
            head.seq = seq;
            head.advanced = true;
            log.push(LogRow {
                room_id: room_id.to_owned(),
                seq,
                kind,
                message_id,
                actor_id: actor_id.to_owned(),
                client_id,
                body,
                at,
            });
            outcomes.push(Appended::Entry(Entry { room_id: append.room_id.clone(), seq, told }));
        }

        if !new_rows.is_empty() {
            run!(c.execute(diesel::insert_into(message_table::table).values(new_rows)));
        }
        let log: Vec<_> = log
            .into_iter()
            .map(|row| {
                (
                    own::room_log::room_id.eq(row.room_id),
                    own::room_log::seq.eq(row.seq),
                    own::room_log::kind.eq(row.kind),
                    own::room_log::message_id.eq(row.message_id),
                    own::room_log::actor_id.eq(row.actor_id),
                    own::room_log::client_id.eq(row.client_id),
                    own::room_log::body.eq(row.body),
                    own::room_log::at.eq(row.at),
                )
            })
            .collect();
        if !log.is_empty() {
            run!(c.execute(diesel::insert_into(own::room_log::table).values(log)));
        }
        for (room_id, head) in heads.iter().filter(|(_, head)| head.advanced) {
            run!(c.execute(diesel::update(own::room_head::table.find(*room_id))
                .set((own::room_head::seq.eq(head.seq), own::room_head::at.eq(head.at)))));
        }
        Ok(outcomes)
    })
}
