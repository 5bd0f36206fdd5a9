//! A cache of a room's encoded histories: each is encoded once for all who join between two entries.

use super::memory::MESSAGES_LIMIT_UNDER_PRESSURE;
use crate::{broadcast::Encoded, protocol::Bodies};

/// The most memory that histories of different lengths may take, in bytes.
const MAX_BYTES: usize = 8 << 20;

/// The number of messages of a history, and how their contents are shown.
type Length = (usize, Bodies);

/// Encoded histories, keyed by their length.
#[derive(Default)]
pub(super) struct Histories(Vec<(Length, Encoded)>);

impl Histories {
    /// The memory of all cached histories, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|(_, history)| size_of(history)).sum()
    }

    pub(super) fn find(&self, length: Length) -> Option<Encoded> {
        self.0.iter().find(|(there, _)| *there == length).map(|(_, history)| history.clone())
    }

    /// Caches a history, unless it is large and all rooms together exceed the memory limit.
    pub(super) fn insert(&mut self, length: Length, history: &Encoded, is_over_memory_limit: bool) {
        if is_over_memory_limit && size_of(history) > MESSAGES_LIMIT_UNDER_PRESSURE {
            return;
        }
        if self.bytes() > MAX_BYTES {
            self.clear();
        }
        self.0.push((length, history.clone()));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Drops them if they are large.
    pub(super) fn shed(&mut self) {
        if self.bytes() > MESSAGES_LIMIT_UNDER_PRESSURE {
            self.clear();
        }
    }
}

fn size_of(history: &Encoded) -> usize {
    history.data().get().len()
}
