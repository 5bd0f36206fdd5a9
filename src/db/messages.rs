//! Reads table `Message`. Changes are made in `room_log`, in the transaction that also writes the log.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Nullable, Text},
};
use diesel_async::RunQueryDsl;

use super::{
    Db,
    columns::Columns,
    ids::{Id, is_uuid},
    in_transaction,
    moment::MomentRow,
    on,
    reactions::{self, ReactionRow},
    schema::{messages, reactions as reaction_table, users},
    threads,
    types::{JsonRow, MessageTypeRow, TextOrEmpty},
};
use crate::{
    chat::{
        Error, Result,
        id::{MessageId, RoomId, UserId},
        message::{MessageType, Place},
        timestamp::Timestamp,
    },
    protocol::{MessageView, ReactionView, SenderView},
};

#[derive(Clone, Debug, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = messages)]
pub struct MessageRow {
    pub id: String,
    pub room_id: String,
    pub sender_id: String,
    #[diesel(deserialize_as = TextOrEmpty)]
    pub content: String,
    pub kind: MessageTypeRow,
    pub metadata: JsonRow,
    pub reply_to: Option<String>,
    pub created_at: MomentRow,
    pub updated_at: Option<MomentRow>,
    /// The thread that it belongs to, or that hangs on it, as JSON.
    #[diesel(sql_type = Nullable<Text>)]
    #[diesel(select_expression = threads::OfMessage)]
    #[diesel(select_expression_type = threads::OfMessage)]
    pub thread: Option<String>,
}

impl MessageRow {
    /// The row of a new message on SQLite.
    pub fn new(view: &MessageView, columns: &Columns) -> Self {
        let created_at = columns.moment(view.created_at.naive());
        Self {
            id: view.id.to_string(),
            room_id: view.room_id.to_string(),
            sender_id: view.sender_id.to_string(),
            content: view.content.clone(),
            kind: MessageTypeRow(MessageType::Other(columns.message_type.spell(view.kind.as_str()).into())),
            metadata: JsonRow(view.metadata.clone()),
            reply_to: view.reply_to.clone(),
            created_at,
            updated_at: columns.requires_updated_at("Message").then_some(created_at),
            thread: None,
        }
    }

    /// A required `updatedAt` is the time of creation until the message is edited: then it is none.
    pub fn without_creation(mut self, columns: &Columns) -> Self {
        let created_at = Timestamp::from(self.created_at);
        let is_creation = |at: &mut MomentRow| Timestamp::from(*at) == created_at;
        self.updated_at.take_if(|at| columns.requires_updated_at("Message") && is_creation(at));
        self
    }

    pub fn into_view(self, sender_name: Arc<str>, reactions: Vec<ReactionView>) -> MessageView {
        let (thread, thread_summary) = threads::views_of(self.thread.as_deref());
        MessageView {
            id: self.id.into(),
            room_id: self.room_id.into(),
            sender_id: self.sender_id.into(),
            content: self.content,
            kind: self.kind.0,
            metadata: self.metadata.0,
            reply_to: self.reply_to,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.map(Timestamp::from),
            sender: SenderView { name: sender_name.clone() },
            sender_name,
            reactions,
            thread,
            thread_summary: thread_summary.map(Box::new),
        }
    }
}

/// A message and the name of its sender. A sender without a name is shown by their id.
pub(in crate::db) type NamedRow = (MessageRow, Option<String>);

/// Selects all messages of a room, newest first. Within a millisecond, ids that were made here sort as the log does. A
/// message without a time, which a team's column may take, has no place in the history, and is left out.
macro_rules! in_room {
    ($room:expr) => {
        messages::table
            .inner_join(users::table)
            .filter(messages::room_id.eq($crate::db::ids::Id($room)))
            .filter(messages::created_at.is_not_null())
            .order((messages::created_at.desc(), messages::id.desc()))
            .select((MessageRow::as_select(), users::name))
    };
}
pub(in crate::db) use in_room;

/// Loads the reactions on these messages. For no messages it skips the statement: after a restart all users come back
/// at once, also to empty rooms.
macro_rules! on_messages {
    ($rows:expr) => {
        reaction_table::table
            .filter(
                reaction_table::message_id.eq_any($rows.iter().map(|(row, _)| $crate::db::ids::Id(&row.id))),
            )
            .filter($crate::db::reactions::is_whole())
            .order(reaction_table::id)
    };
}
pub(in crate::db) use on_messages;

/// The room, the sender and the time of a message.
pub struct MessageRef {
    pub room_id: RoomId,
    pub sender_id: UserId,
    pub created_at: Timestamp,
}

/// A message without a room or a sender is not found.
pub async fn find_ref(db: &Db, id: &MessageId) -> Result<Option<MessageRef>> {
    type Found = (Option<String>, Option<String>, Option<MomentRow>);
    let found: Result<Option<Found>> = on!(db.readers, c => messages::table
        .find(Id(id.as_str()))
        .select((messages::room_id.nullable(), messages::sender_id.nullable(), messages::created_at.nullable()))
        .first(c)
        .await
        .optional()?);
    let row = match found {
        // The id is no UUID, as those of the database are.
        Err(Error::MessageNotFound) => None,
        found => found?,
    };
    let of_row = |(room_id, sender_id, created_at): Found| {
        Some(MessageRef {
            room_id: room_id?.into(),
            sender_id: sender_id?.into(),
            created_at: created_at?.into(),
        })
    };
    Ok(row.and_then(of_row))
}

/// Returns which of these messages exist.
pub async fn list_existing(db: &Db, ids: &[MessageId]) -> Result<HashSet<MessageId>> {
    let ids: Vec<Id<'_>> = ids.iter().map(|id| Id(id.as_str())).collect();
    let found: Vec<String> = on!(db.readers, c => messages::table
        .filter(messages::id.eq_any(&ids))
        .select(messages::id)
        .load(c)
        .await?)?;
    Ok(found.into_iter().map(MessageId::from).collect())
}

/// Returns one message as history shows it.
pub async fn find(db: &Db, id: &MessageId) -> Result<Option<MessageView>> {
    let row: Option<NamedRow> = on!(db.readers, c => messages::table
        .inner_join(users::table)
        .filter(messages::id.eq(Id(id.as_str())))
        .select((MessageRow::as_select(), users::name))
        .first(c)
        .await
        .optional()?)?;
    let Some((row, name)) = row else { return Ok(None) };
    let reactions = reactions::list_of_message(db, id).await?;
    let name = name.unwrap_or_else(|| row.sender_id.clone());
    Ok(Some(row.without_creation(&db.facts().columns()).into_view(name.into(), reactions)))
}

/// Returns those of these messages that exist, oldest first, as history shows them.
pub async fn list(db: &Db, ids: &[MessageId]) -> Result<Vec<MessageView>> {
    let has_uuids = db.facts().id_types().messages;
    let can_be_there = |id: &&MessageId| !has_uuids || is_uuid(id.as_str());
    let ids: Vec<String> = ids.iter().filter(can_be_there).map(ToString::to_string).collect();
    let columns = db.facts().columns();
    let (rows, reactions) = in_transaction!($ db snapshot, c => {
        let rows: Vec<NamedRow> = run!(c.load(messages::table
            .inner_join(users::table)
            .filter(messages::id.eq_any(ids.iter().map(|id| Id(id))))
            .filter(messages::room_id.is_not_null().and(messages::created_at.is_not_null()))
            .order((messages::created_at, messages::id))
            .select((MessageRow::as_select(), users::name))));
        let reactions: Vec<ReactionRow> = match rows.is_empty() {
            true => Vec::new(),
            false => run!(c.load(on_messages!(rows))),
        };
        Ok((rows, reactions))
    })?;
    Ok(assemble(rows, reactions, &columns))
}

/// Counts all messages.
pub async fn count(db: &Db) -> Result<i64> {
    on!(db.readers, c => messages::table.count().get_result(c).await?)
}

/// Returns the beginnings of the contents of those of these messages that exist.
pub async fn list_beginnings(db: &Db, ids: &[MessageId]) -> Result<HashMap<MessageId, String>> {
    const BEGINNING: &str = r#"substr(CAST("Message"."content" AS TEXT), 1, 4096)"#;
    let rows: Vec<(String, TextOrEmpty)> = on!(db.readers, c => messages::table
        .filter(messages::id.eq_any(ids.iter().map(|id| Id(id.as_str()))))
        .select((messages::id, sql::<Text>(BEGINNING)))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(|(id, content)| (id.into(), content.into())).collect())
}

/// Messages of a room's history, newest first.
pub struct Page {
    pub messages: Vec<MessageView>,
    /// The next older message has the same millisecond as the last of these, so a cursor needs more than the time.
    pub ends_in_tie: bool,
}

/// Returns the newest `limit` messages older than the cursor `place`, newest first.
pub async fn list_older(db: &Db, room_id: &RoomId, place: &Place, limit: usize) -> Result<Page> {
    let (room, most) = (room_id.to_string(), i64::try_from(limit).unwrap_or(i64::MAX));
    let columns = db.facts().columns();
    let (at, id) = (columns.moment(place.at.naive()), place.id.to_string());
    // SQLite compares times as text, and one whole second may be stored with or without zeros after its point.
    let next = Timestamp::from_millis(place.at.millis().saturating_add(1)).naive();
    let next = columns.moment(next);
    let (rows, reactions, ends_in_tie) = in_transaction!($ db snapshot, c => {
        // The first condition is the one that can use the index.
        let older = messages::created_at.lt(next).and(messages::created_at.lt(at).or(messages::id.lt(Id(&id))));
        let mut rows: Vec<NamedRow> =
            run!(c.load(in_room!(&room).filter(older).limit(most.saturating_add(1))));
        let next = if rows.len() > limit { rows.pop() } else { None };
        let ends_in_tie = match (rows.last(), next) {
            (Some((last, _)), Some((next, _))) => last.created_at == next.created_at,
            _ => false,
        };
        let reactions: Vec<ReactionRow> = match rows.is_empty() {
            true => Vec::new(),
            false => run!(c.load(on_messages!(rows))),
        };
        Ok((rows, reactions, ends_in_tie))
    })?;
    Ok(Page { messages: assemble(rows, reactions, &columns), ends_in_tie })
}

/// Returns the oldest `limit` messages newer than the cursor `place`, newest first.
pub async fn list_newer(db: &Db, room_id: &RoomId, place: &Place, limit: usize) -> Result<Vec<MessageView>> {
    let (room, most) = (room_id.to_string(), i64::try_from(limit).unwrap_or(i64::MAX));
    let columns = db.facts().columns();
    let (at, id) = (columns.moment(place.at.naive()), place.id.to_string());
    // As in `list_older`: times are compared as text on SQLite.
    let before = Timestamp::from_millis(place.at.millis().saturating_sub(1)).naive();
    let before = columns.moment(before);
    let (mut rows, reactions) = in_transaction!($ db snapshot, c => {
        let newer =
            messages::created_at.gt(before).and(messages::created_at.gt(at).or(messages::id.gt(Id(&id))));
        let rows: Vec<NamedRow> = run!(c.load(in_room!(&room)
            .filter(newer)
            .order((messages::created_at.asc(), messages::id.asc()))
            .limit(most)));
        let reactions: Vec<ReactionRow> = match rows.is_empty() {
            true => Vec::new(),
            false => run!(c.load(on_messages!(rows))),
        };
        Ok((rows, reactions))
    })?;
    rows.reverse();
    Ok(assemble(rows, reactions, &columns))
}

pub(in crate::db) fn assemble(
    rows: Vec<NamedRow>,
    reactions: Vec<ReactionRow>,
    columns: &Columns,
) -> Vec<MessageView> {
    let mut names: HashMap<String, Arc<str>> = HashMap::new();
    let mut by_message: HashMap<String, Vec<ReactionView>> = HashMap::new();
    for reaction in reactions {
        by_message.entry(reaction.message_id.clone()).or_default().push(reaction.into());
    }
    rows.into_iter()
        .map(|(row, name)| {
            let name = names
                .entry(name.unwrap_or_else(|| row.sender_id.clone()))
                .or_insert_with_key(|name| name.as_str().into())
                .clone();
            let reactions = by_message.remove(&row.id).unwrap_or_default();
            row.without_creation(columns).into_view(name, reactions)
        })
        .collect()
}
