//! The estimated memory of all loaded rooms together. Above a limit, rooms with large messages keep no more than a
//! page.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::db::room_log::TAIL_BYTES;

/// The most memory that a room's messages may take, in bytes, apart from those that somebody may still have to be sent.
pub(super) const MESSAGES_LIMIT: usize = TAIL_BYTES;
/// The lower limit that replaces [`MESSAGES_LIMIT`] while all rooms together exceed the memory limit.
pub(super) const MESSAGES_LIMIT_UNDER_PRESSURE: usize = 1 << 20;

/// Counts the bytes of all rooms.
pub(super) struct Memory {
    bytes: AtomicUsize,
    limit: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicUsize::new(0), limit })
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn is_over(&self) -> bool {
        self.bytes() > self.limit
    }
}

/// One room's share of the total, given back when it is dropped.
pub(super) struct Share {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Share {
    pub(super) fn new(memory: Arc<Memory>) -> Self {
        Self { memory, bytes: 0 }
    }

    pub(super) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// The most memory that the room's messages may take, in bytes, apart from those that somebody may still have to be
    /// sent.
    pub(super) fn messages_limit(&self) -> usize {
        if self.memory.is_over() { MESSAGES_LIMIT_UNDER_PRESSURE } else { MESSAGES_LIMIT }
    }

    /// Sets the bytes that the room takes now.
    pub(super) fn set(&mut self, bytes: usize) {
        self.memory.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.memory.bytes.fetch_sub(std::mem::replace(&mut self.bytes, bytes), Ordering::Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}
