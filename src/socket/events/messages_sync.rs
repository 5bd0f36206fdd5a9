//! `messages:sync`: returns a room's events after a `seq`, from its log, so that a client that reconnects misses
//! nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::messages_sync,
    chat::{Error, Result, id::RoomId, limits::Limits},
    db::room_log::Entry,
    protocol::{Bodies, EntryView},
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MessagesSync {
    room_id: RoomId,
    /// The cursor: the last entry that the client has, which is the `seq` of the last event that it received, of
    /// `room:history` or of an earlier answer.
    since: i64,
}

impl Request for MessagesSync {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        match self.since {
            0.. => Ok(()),
            _ => Err(Error::BadInput("since: a whole number, 0 or more".to_owned())),
        }
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Synced {
    /// The events in the order of the log, each as it was broadcast to the room.
    #[schemars(with = "Vec<LoggedEvent<'static>>")]
    events: Vec<SentEntry>,
    /// The last entry that the events include: the next `since`.
    seq: i64,
    /// With these events the client has everything that happened in the room.
    complete: bool,
    /// There are later events: ask again with `seq`.
    more: bool,
}

/// A log entry, encoded as the event that was broadcast to the room's clients that take contents like this one.
struct SentEntry(Entry, Bodies);

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "LoggedEvent")]
struct LoggedEvent<'a> {
    event: &'static str,
    data: EntryView<'a>,
}

impl Serialize for SentEntry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let excerpt = |data: &EntryView<'_>| match self.1 {
            Bodies::Whole => None,
            Bodies::Excerpts => data.excerpt(),
        };
        let entry = self.0.event();
        entry
            .map(|(event, data)| LoggedEvent { event, data: excerpt(&data).unwrap_or(data) })
            .serialize(serializer)
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: MessagesSync) -> Result<Synced> {
    let missed = messages_sync::run(&cx.app, cx.actor(), &request.room_id, request.since).await?;
    let bodies = cx.socket.bodies();
    let events = missed.entries.into_iter().map(|entry| SentEntry(entry, bodies)).collect();
    Ok(Synced { events, seq: missed.seq, complete: missed.is_complete, more: missed.has_more })
}
