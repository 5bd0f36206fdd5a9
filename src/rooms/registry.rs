//! The place of a room on this node, and the phases of its life there.

use std::sync::Mutex;

use super::room::RoomState;
use crate::db::room_log::Entry;

#[derive(Default)]
pub(super) struct RoomCell {
    pub(super) phase: Mutex<Phase>,
    /// Held while the room is loaded, so that it is loaded once.
    pub(super) loading: tokio::sync::Mutex<()>,
    /// It is in the queue of those that nobody is in, and counts there for so many bytes.
    pub(super) queued: Mutex<Option<usize>>,
}

pub(super) enum Phase {
    /// Being loaded; what is committed meanwhile waits here.
    Loading(Vec<Entry>),
    Live(Box<RoomState>),
    /// Taken out of the map: look there again.
    Closed,
}

impl Default for Phase {
    fn default() -> Self {
        Phase::Loading(Vec::new())
    }
}
