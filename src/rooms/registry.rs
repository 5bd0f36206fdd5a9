//! A room's `RoomCell` in the registry of this node, and the phases of its life.

use std::sync::Mutex;

use super::room::RoomState;
use crate::db::room_log::Entry;

#[derive(Default)]
pub(super) struct RoomCell {
    pub(super) phase: Mutex<Phase>,
    /// Held while the room is loaded, backfilled or compared, so that only one task does it.
    pub(super) loading: tokio::sync::Mutex<()>,
    /// The bytes with which the room counts in the eviction queue, if it is queued there.
    pub(super) queued: Mutex<Option<usize>>,
}

pub(super) enum Phase {
    /// The room is being loaded. Entries committed meanwhile wait here.
    Loading(Vec<Entry>),
    Live(Box<RoomState>),
    /// The cell was removed from the map: look the room up again.
    Closed,
}

impl Default for Phase {
    fn default() -> Self {
        Phase::Loading(Vec::new())
    }
}
