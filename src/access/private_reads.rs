//! The users whose reads are private: others are not shown what they have read.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;

use crate::{
    chat::{Error, Result, id::UserId},
    db::{Db, user_settings},
};

/// The most users in the cache.
const CACHE_CAPACITY: u64 = 100_000;

pub(super) struct PrivateReads {
    db: Db,
    users: Cache<UserId, bool>,
}

impl PrivateReads {
    pub(super) fn new(db: Db, ttl: Duration) -> Self {
        Self { db, users: Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(ttl).build() }
    }

    pub(super) async fn has(&self, user_id: &UserId) -> Result<bool> {
        // As long as there are no such users, nobody is looked up.
        if !self.db.facts().has_private_readers() {
            return Ok(false);
        }
        if let Some(is_private) = self.users.get(user_id).await {
            return Ok(is_private);
        }
        let load =
            async { user_settings::find(&self.db, user_id).await.map(|found| found.has_private_reads) };
        let found = Box::pin(self.users.try_get_with_by_ref(user_id, load)).await;
        found.map_err(|error: Arc<Error>| (*error).clone())
    }

    /// Takes over what a user has chosen here.
    pub(super) async fn note(&self, user_id: &UserId, is_private: bool) {
        self.users.insert(user_id.clone(), is_private).await;
        if is_private {
            self.db.facts().note_private_readers(true);
        }
    }
}
