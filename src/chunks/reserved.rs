//! Memory for a long content that comes whole, in one body. It counts as chunks do, for its user and in all.

use std::sync::Arc;

use super::Chunks;
use crate::{
    chat::{Error, Result, id::UserId},
    sync::lock,
};

/// Bytes of a user's that are counted until this is dropped.
pub struct Reserved {
    chunks: Arc<Chunks>,
    user_id: UserId,
    bytes: usize,
}

impl Reserved {
    /// Nothing yet.
    pub fn none(chunks: &Arc<Chunks>, user_id: &UserId) -> Self {
        Self { chunks: Arc::clone(chunks), user_id: user_id.clone(), bytes: 0 }
    }

    /// Counts more bytes. [`Error::Busy`] where there is no room for them.
    pub fn grow(&mut self, more: usize) -> Result<()> {
        let state = &mut *lock(&self.chunks.state);
        let own = state.bytes_of(&self.user_id) + more;
        if own > self.chunks.max_of_user || state.bytes + more > self.chunks.max_bytes {
            return Err(Error::Busy);
        }
        state.bytes += more;
        *state.whole.entry(self.user_id.clone()).or_default() += more;
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let state = &mut *lock(&self.chunks.state);
        state.bytes -= self.bytes;
        if let Some(own) = state.whole.get_mut(&self.user_id) {
            *own -= self.bytes;
            if *own == 0 {
                state.whole.remove(&self.user_id);
            }
        }
    }
}
