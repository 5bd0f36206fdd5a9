//! `messages:sync`: what happened in a room after a `seq`, from its log: after a reconnect, nothing is missed and nothing guessed.

use serde::{Deserialize, Serialize};

use super::context::{Ask, Context};
use crate::{
    chat::{id::RoomId, limits::Limits},
    db::room_log::Entry,
    error::{Error, Result},
    protocol::Telling,
    rooms,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct MessagesSync {
    room_id: RoomId,
    /// The last entry that the client has: the `seq` of what it heard last, of `room:history` or of an earlier answer.
    since: i64,
}

impl Ask for MessagesSync {
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

#[derive(Serialize)]
pub(super) struct Synced {
    /// In the order of the log, each as it would have been heard.
    events: Vec<Told>,
    /// Up to here the events reach: the next `since`.
    seq: i64,
    /// With these events the client has all that happened in the room.
    complete: bool,
    /// There are later events: ask again with `seq`.
    more: bool,
}

/// An event that would have been heard.
struct Told(Entry);

impl Serialize for Told {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct View<'a> {
            event: &'static str,
            data: Telling<'a>,
        }
        rooms::telling(&self.0).map(|(event, data)| View { event, data }).serialize(serializer)
    }
}

pub(super) async fn handle(cx: Context, ask: MessagesSync) -> Result<Synced> {
    cx.ensure_may_enter(&ask.room_id).await?;
    let limit = cx.app.config.limits.page;
    let caught = cx.app.rooms.list_after(&ask.room_id, ask.since, limit).await?;
    let (head, since) = (caught.head, ask.since);
    // From before the log's beginning, or from a future that this database has not seen, there is no way to here.
    if caught.is_forgotten || since > head {
        return Ok(Synced { events: Vec::new(), seq: head, complete: false, more: false });
    }
    let seq = caught.entries.last().map_or(since, |last| last.seq);
    let events =
        caught.entries.into_iter().filter(|entry| rooms::telling(entry).is_some()).map(Told).collect();
    Ok(Synced { events, seq, complete: seq == head, more: seq < head })
}
