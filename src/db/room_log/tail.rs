//! The end of a room: its newest messages and the last entries of its log.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use crate::{
    chat::{id::RoomId, timestamp::Timestamp},
    db::{
        Db, in_transaction,
        messages::{MessageRow, assemble, in_room, on_messages},
        reactions::ReactionRow,
        schema::{messages, reactions as reaction_table, users},
    },
    error::Result,
    protocol::MessageView,
};

/// An entry of a room's log as it is stored.
#[derive(Clone, Debug, Queryable)]
pub struct Logged {
    pub seq: i64,
    pub kind: String,
    pub message_id: String,
    pub actor_id: String,
    pub body: Option<String>,
    pub at: NaiveDateTime,
}

/// The columns of [`Logged`], of the log on the database at hand.
macro_rules! logged {
    () => {
        (
            own::room_log::seq,
            own::room_log::kind,
            own::room_log::message_id,
            own::room_log::actor_id,
            own::room_log::body,
            own::room_log::at,
        )
    };
}
pub(super) use logged;

/// A room's newest messages and the last entry of its log that they include, all of one moment.
pub struct Tail {
    pub seq: i64,
    /// When that entry was made, if there is one.
    pub at: Option<Timestamp>,
    /// Newest first.
    pub messages: Vec<MessageView>,
    /// There are no older messages than these.
    pub complete: bool,
    /// The last entries of the room's log, newest first.
    pub log: Vec<Logged>,
    /// The log has all that happened from this entry on.
    pub complete_from: i64,
}

/// Entries that are read with the newest messages.
const LAST_ENTRIES: i64 = 256;

/// The newest `limit` messages, newest first.
pub async fn load_tail(db: &Db, room_id: &RoomId, limit: usize) -> Result<Tail> {
    let (room, most) = (room_id.to_string(), i64::try_from(limit).unwrap_or(i64::MAX));
    let (head, log, rows, reactions, complete) = in_transaction!($ db snapshot, c => {
        let head: Option<(i64, NaiveDateTime, i64)> = run!(c.load(own::room_head::table
            .find(&room)
            .select((own::room_head::seq, own::room_head::at, own::room_head::complete_from)))).pop();
        let log: Vec<Logged> = match head {
            None | Some((0, ..)) => Vec::new(),
            Some(_) => run!(c.load(own::room_log::table
                .filter(own::room_log::room_id.eq(&room))
                .order(own::room_log::seq.desc())
                .limit(LAST_ENTRIES)
                .select(logged!()))),
        };
        // One more than is wanted says whether there are more.
        let mut rows: Vec<(MessageRow, String)> = run!(c.load(in_room!(&room).limit(most.saturating_add(1))));
        let complete = rows.len() <= limit;
        rows.truncate(limit);
        let reactions: Vec<ReactionRow> = match rows.is_empty() {
            true => Vec::new(),
            false => run!(c.load(on_messages!(rows))),
        };
        Ok((head, log, rows, reactions, complete))
    })?;
    let (seq, at, complete_from) =
        head.map_or((0, None, 0), |(seq, at, complete_from)| (seq, Some(at.into()), complete_from));
    Ok(Tail { seq, at, messages: assemble(rows, reactions), complete, log, complete_from })
}
