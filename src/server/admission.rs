//! Bounds the connections that are open at once, below what the system allows: when there are too many, the oldest that serves
//! nobody who has signed in makes room, and some more are kept for those who ask whether the server lives.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{Connection, WeakConnection};

/// Connections kept for questions about the server's health.
const FOR_HEALTH: usize = 64;
/// Open files that are no connections of clients: the database's, Redis's, the program's own.
const OTHER_FILES: usize = 192;
/// Connections that are listed before the list is looked through for ones that are gone.
const SWEEP: usize = 1_024;

pub(super) struct Admission {
    connections: Arc<Semaphore>,
    for_health: Arc<Semaphore>,
    newcomers: Mutex<Newcomers>,
}

/// Connections that have served nobody who has signed in, the oldest first; some may be gone.
#[derive(Default)]
struct Newcomers {
    queue: VecDeque<WeakConnection>,
    sweep_at: usize,
}

/// What a connection may be used for.
pub(super) enum Admitted {
    ForAll(OwnedSemaphorePermit),
    /// There are too many. Room may be made in a moment.
    ForHealth(OwnedSemaphorePermit),
}

impl Admission {
    /// `max` connections, or as many as the system allows open files for.
    pub(super) fn new(max: Option<usize>) -> Arc<Self> {
        let max = max.unwrap_or_else(allowed).min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            connections: Arc::new(Semaphore::new(max)),
            for_health: Arc::new(Semaphore::new(FOR_HEALTH)),
            newcomers: Mutex::default(),
        })
    }

    /// Decides on a connection that has come; none if there are far too many.
    pub(super) fn admit(&self) -> Option<Admitted> {
        if let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() {
            return Some(Admitted::ForAll(permit));
        }
        self.make_room();
        Arc::clone(&self.for_health).try_acquire_owned().ok().map(Admitted::ForHealth)
    }

    /// Waits for room.
    pub(super) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }

    /// Lists a connection among those that make room when there are too many.
    pub(super) fn list(&self, connection: &Connection) {
        let mut newcomers = self.newcomers.lock().unwrap_or_else(PoisonError::into_inner);
        let Newcomers { queue, sweep_at } = &mut *newcomers;
        if queue.len() >= (*sweep_at).max(SWEEP) {
            queue
                .retain(|connection| connection.upgrade().is_some_and(|connection| !connection.is_trusted()));
            *sweep_at = queue.len() * 2;
        }
        queue.push_back(connection.downgrade());
    }

    /// Aborts the oldest connection that serves nobody who has signed in.
    fn make_room(&self) {
        let mut newcomers = self.newcomers.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = newcomers.queue.pop_front() {
            if let Some(connection) = connection.upgrade().filter(|connection| !connection.is_trusted()) {
                return connection.abort();
            }
        }
    }
}

/// As many as the limit of open files leaves.
fn allowed() -> usize {
    let limit = open_files();
    limit.saturating_sub(FOR_HEALTH + OTHER_FILES).max(limit / 2)
}

fn open_files() -> usize {
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| limit as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_may_be_open_are_for_health_and_more_than_that_refused() {
        let admission = Admission::new(Some(2));
        let _kept = [admission.admit(), admission.admit()];
        assert!(_kept.iter().all(|admitted| matches!(admitted, Some(Admitted::ForAll(_)))));
        let for_health: Vec<_> = (0..FOR_HEALTH).map(|_| admission.admit()).collect();
        assert!(for_health.iter().all(|admitted| matches!(admitted, Some(Admitted::ForHealth(_)))));
        assert!(admission.admit().is_none());
        drop(for_health);
        assert!(matches!(admission.admit(), Some(Admitted::ForHealth(_))));
    }

    #[test]
    fn the_limit_leaves_files_for_other_things() {
        assert!(allowed() + FOR_HEALTH + OTHER_FILES / 2 < open_files());
    }
}
