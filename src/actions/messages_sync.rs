//! What happened in a room after an entry, from its log: after a reconnect, nothing is missed and nothing guessed.

use super::Actor;
use crate::{app::App, chat::id::RoomId, db::room_log::Entry, error::Result, rooms};

/// What a client missed.
pub struct Missed {
    /// In the order of the log.
    pub entries: Vec<Entry>,
    /// The entries reach up to here.
    pub seq: i64,
    /// With these entries the client has all that happened in the room.
    pub is_complete: bool,
    /// There are later entries.
    pub has_more: bool,
}

/// `since`: the last entry that the client has.
pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId, since: i64) -> Result<Missed> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    let limit = app.config.limits.page;
    let caught = app.rooms.list_after(room_id, actor.user_id(), since, limit).await?;
    let head = caught.head;
    // From before the log's beginning, or from a future that this database has not seen, there is no way to here.
    if caught.is_forgotten || since > head {
        return Ok(Missed { entries: Vec::new(), seq: head, is_complete: false, has_more: false });
    }
    let seq = caught.entries.last().map_or(since, |last| last.seq);
    let entries = caught.entries.into_iter().filter(|entry| rooms::event_of(entry).is_some()).collect();
    Ok(Missed { entries, seq, is_complete: seq == head, has_more: seq < head })
}
