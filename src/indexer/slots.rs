//! Bounds on the searches that are under way: a search is the dearest request that a user can make.

use std::{any::Any, sync::Arc};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    chat::{Error, Result, id::UserId},
    db::Db,
    rate::{InFlight, UnderWay},
};

/// The most searches of one user that are under way at once. One more is refused as `busy`.
const MAX_OF_USER: usize = 2;
/// The longest that a search waits for others, as a share of the longest wait for the database.
const WAIT_SHARE: u32 = 4;

/// The searches that are under way.
pub struct SearchSlots {
    of_user: InFlight<UserId>,
    of_all: Arc<Semaphore>,
    wait: std::time::Duration,
}

/// A search that is under way, until all clones are dropped: the statements hold it, too. One that nobody waits for any more
/// may go on in SQLite, which cannot be interrupted.
pub type Slot = Arc<dyn Any + Send + Sync>;

struct Held {
    _of_user: UnderWay<UserId>,
    _of_all: OwnedSemaphorePermit,
}

impl SearchSlots {
    /// Others need connections to the database, too.
    pub fn new(db: &Db) -> Self {
        let of_all = Arc::new(Semaphore::new((db.connections() / 2).max(1)));
        Self { of_user: InFlight::default(), of_all, wait: db.timeout() / WAIT_SHARE }
    }

    /// Begins a search, when there is a connection for it.
    pub async fn begin(&self, user_id: &UserId) -> Result<Slot> {
        let of_user = self.of_user.begin(user_id, MAX_OF_USER).ok_or(Error::Busy)?;
        match timeout(self.wait, Arc::clone(&self.of_all).acquire_owned()).await {
            Ok(Ok(of_all)) => Ok(Arc::new(Held { _of_user: of_user, _of_all: of_all })),
            _ => Err(Error::Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_search_is_under_way_until_its_last_statement_has_ended() {
        let slots = SearchSlots {
            of_user: InFlight::default(),
            of_all: Arc::new(Semaphore::new(1)),
            wait: std::time::Duration::ZERO,
        };
        let slot = slots.begin(&"anna".into()).await.unwrap();
        let of_statement = Arc::clone(&slot);
        drop(slot);
        assert!(matches!(slots.begin(&"bob".into()).await, Err(Error::Busy)));
        drop(of_statement);
        assert!(slots.begin(&"bob".into()).await.is_ok());
    }
}
