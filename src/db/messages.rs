//! Table `Message`: reading it. What changes it stands in `room_log`, in the transaction that also writes the log.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    Db, in_transaction, on,
    reactions::{self, ReactionRow},
    schema::{messages, reactions as reaction_table, users},
    types::{JsonRow, MessageTypeRow},
};
use crate::{
    chat::{
        id::{MessageId, RoomId, UserId},
        timestamp::Timestamp,
    },
    error::Result,
    protocol::{MessageView, ReactionView, SenderView},
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
pub struct MessageRow {
    pub id: String,
    pub room_id: String,
    pub sender_id: String,
    pub content: String,
    pub kind: MessageTypeRow,
    pub metadata: JsonRow,
    pub reply_to: Option<String>,
    pub created_at: NaiveDateTime,
    pub updated_at: Option<NaiveDateTime>,
}

impl From<&MessageView> for MessageRow {
    fn from(view: &MessageView) -> Self {
        Self {
            id: view.id.to_string(),
            room_id: view.room_id.to_string(),
            sender_id: view.sender_id.to_string(),
            content: view.content.clone(),
            kind: MessageTypeRow(view.kind),
            metadata: JsonRow(view.metadata.clone()),
            reply_to: view.reply_to.clone(),
            created_at: view.created_at.naive(),
            updated_at: view.updated_at.map(Timestamp::naive),
        }
    }
}

impl MessageRow {
    pub fn into_view(self, sender_name: Arc<str>, reactions: Vec<ReactionView>) -> MessageView {
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
        }
    }
}

/// All of a room, newest first. Ids made here sort as the log does within a millisecond.
macro_rules! in_room {
    ($room:expr) => {
        messages::table
            .inner_join(users::table)
            .filter(messages::room_id.eq($room))
            .order((messages::created_at.desc(), messages::id.desc()))
            .select((MessageRow::as_select(), users::name))
    };
}

/// The reactions on these messages. Of none it is not worth a statement: after a restart everybody comes back at once, also
/// to rooms in which nobody has said anything.
macro_rules! on_messages {
    ($rows:expr) => {
        reaction_table::table
            .filter(reaction_table::message_id.eq_any($rows.iter().map(|(row, _)| row.id.as_str())))
            .order(reaction_table::id)
    };
}

/// A room's newest messages and the last entry of its log that they include, all of one moment.
pub struct Tail {
    pub seq: i64,
    /// Newest first.
    pub messages: Vec<MessageView>,
    /// There are no older messages than these.
    pub complete: bool,
}

/// Where a message is and whose it is.
pub struct Whereabouts {
    pub room_id: RoomId,
    pub sender_id: UserId,
}

pub async fn find_whereabouts(db: &Db, id: &MessageId) -> Result<Option<Whereabouts>> {
    let row: Option<(String, String)> = on!(db.readers, c => messages::table
        .find(id.as_str())
        .select((messages::room_id, messages::sender_id))
        .first(c)
        .await
        .optional()?)?;
    Ok(row.map(|(room_id, sender_id)| Whereabouts { room_id: room_id.into(), sender_id: sender_id.into() }))
}

/// One message as history shows it.
pub async fn find(db: &Db, id: &MessageId) -> Result<Option<MessageView>> {
    let row: Option<(MessageRow, String)> = on!(db.readers, c => messages::table
        .inner_join(users::table)
        .filter(messages::id.eq(id.as_str()))
        .select((MessageRow::as_select(), users::name))
        .first(c)
        .await
        .optional()?)?;
    let Some((row, name)) = row else { return Ok(None) };
    let reactions = reactions::list_of_message(db, id).await?;
    Ok(Some(row.into_view(name.into(), reactions)))
}

/// The newest `limit` messages, newest first, and the rest of those that share the oldest one's millisecond.
pub async fn load_tail(db: &Db, room_id: &RoomId, limit: usize) -> Result<Tail> {
    let (room, limit) = (room_id.to_string(), limit as i64);
    let (seq, rows, reactions, complete) = in_transaction!($ db snapshot, c => {
        let seq: Option<i64> = run!(c.load(own::room_head::table
            .find(&room)
            .select(own::room_head::seq))).pop();
        let rows: Vec<(MessageRow, String)> = run!(c.load(in_room!(&room).limit(limit)));
        let full = rows.len() as i64 == limit;
        let (rows, complete) = match rows.last() {
            Some((oldest, _)) if full => {
                let since = oldest.created_at;
                let rows = run!(c.load(in_room!(&room).filter(messages::created_at.ge(since))));
                let older: Vec<String> = run!(c.load(messages::table
                    .filter(messages::room_id.eq(&room).and(messages::created_at.lt(since)))
                    .select(messages::id)
                    .limit(1)));
                (rows, older.is_empty())
            }
            _ => (rows, true),
        };
        let reactions: Vec<ReactionRow> = match rows.is_empty() {
            true => Vec::new(),
            false => run!(c.load(on_messages!(rows))),
        };
        Ok((seq, rows, reactions, complete))
    })?;
    Ok(Tail { seq: seq.unwrap_or(0), messages: assemble(rows, reactions), complete })
}

/// The newest `limit` messages older than `before`, newest first, and the rest of those that share the oldest one's
/// millisecond, so that the next page misses none.
pub async fn list_before(
    db: &Db,
    room_id: &RoomId,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<MessageView>> {
    let (room, before, limit) = (room_id.to_string(), before.naive(), limit as i64);
    let (rows, reactions) = in_transaction!($ db snapshot, c => {
        let rows: Vec<(MessageRow, String)> =
            run!(c.load(in_room!(&room).filter(messages::created_at.lt(before)).limit(limit)));
        let rows = match rows.last() {
            Some((oldest, _)) if rows.len() as i64 == limit => {
                let since = oldest.created_at;
                run!(c.load(in_room!(&room)
                    .filter(messages::created_at.lt(before).and(messages::created_at.ge(since)))))
            }
            _ => rows,
        };
        let reactions: Vec<ReactionRow> = match rows.is_empty() {
            true => Vec::new(),
            false => run!(c.load(on_messages!(rows))),
        };
        Ok((rows, reactions))
    })?;
    Ok(assemble(rows, reactions))
}

fn assemble(rows: Vec<(MessageRow, String)>, reactions: Vec<ReactionRow>) -> Vec<MessageView> {
    let mut names: HashMap<String, Arc<str>> = HashMap::new();
    let mut by_message: HashMap<String, Vec<ReactionView>> = HashMap::new();
    for reaction in reactions {
        by_message.entry(reaction.message_id.clone()).or_default().push(reaction.into());
    }
    rows.into_iter()
        .map(|(row, name)| {
            let name = names.entry(name).or_insert_with_key(|name| name.as_str().into()).clone();
            let reactions = by_message.remove(&row.id).unwrap_or_default();
            row.into_view(name, reactions)
        })
        .collect()
}
