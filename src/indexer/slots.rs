//! Bounds on the searches that are under way: a search is the dearest request that a user can make.

use tokio::{
    sync::{Semaphore, SemaphorePermit},
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
    of_all: Semaphore,
    wait: std::time::Duration,
}

/// A search that is under way, until it is dropped.
pub struct Slot<'a> {
    _of_user: UnderWay<UserId>,
    _of_all: SemaphorePermit<'a>,
}

impl SearchSlots {
    /// Others need connections to the database, too.
    pub fn new(db: &Db) -> Self {
        let of_all = Semaphore::new((db.connections() / 2).max(1));
        Self { of_user: InFlight::default(), of_all, wait: db.timeout() / WAIT_SHARE }
    }

    /// Begins a search, when there is a connection for it.
    pub async fn begin(&self, user_id: &UserId) -> Result<Slot<'_>> {
        let of_user = self.of_user.begin(user_id, MAX_OF_USER).ok_or(Error::Busy)?;
        match timeout(self.wait, self.of_all.acquire()).await {
            Ok(Ok(of_all)) => Ok(Slot { _of_user: of_user, _of_all: of_all }),
            _ => Err(Error::Busy),
        }
    }
}
