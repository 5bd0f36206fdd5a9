//! Returns a room's entries after a cursor, from its log, so that a client that reconnects misses nothing.

use super::Actor;
use crate::{
    app::App,
    chat::{Result, id::RoomId},
    db::room_log::Entry,
};

/// The entries that a client missed.
pub struct Missed {
    /// The entries in the order of the log.
    pub entries: Vec<Entry>,
    /// The last entry that is included.
    pub seq: i64,
    /// With these entries the client has everything that happened in the room.
    pub is_complete: bool,
    /// There are later entries.
    pub has_more: bool,
}

/// `since` is the cursor: the last entry that the client has.
pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId, since: i64) -> Result<Missed> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    let limit = app.config.limits.page;
    let caught = app.rooms.entries_since(room_id, actor.user_id(), since, limit).await?;
    let head = caught.head;
    // The cursor is older than the log's beginning, or newer than its head because this database has lost entries: the
    // log cannot lead from there to here.
    if caught.is_forgotten || since > head {
        return Ok(Missed { entries: Vec::new(), seq: head, is_complete: false, has_more: false });
    }
    let seq = caught.entries.last().map_or(since, |last| last.seq);
    let entries = caught.entries.into_iter().filter(|entry| entry.event().is_some()).collect();
    Ok(Missed { entries, seq, is_complete: seq == head, has_more: seq < head })
}
