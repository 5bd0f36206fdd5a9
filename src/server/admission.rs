//! Limits the number of open connections to what the system allows. Above the limit, the oldest connection that serves
//! no signed-in client is closed, and a few connections are reserved for health checks.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    connection::{Connection, WeakConnection},
    sync::lock,
};

/// Connections that are reserved for health checks.
const HEALTH_RESERVE: usize = 64;
/// Open files that are not clients' connections: the database's, Redis's, the program's own.
const OTHER_FILES: usize = 192;
/// The length of the list at which it is first swept for connections that are gone.
const MIN_SWEEP: usize = 1_024;

pub(super) struct Admission {
    connections: Arc<Semaphore>,
    health_reserve: Arc<Semaphore>,
    untrusted: Mutex<UntrustedConnections>,
}

/// Connections that serve no signed-in client, oldest first; some may be gone.
#[derive(Default)]
struct UntrustedConnections {
    queue: VecDeque<WeakConnection>,
    sweep_at: usize,
}

/// The purpose for which a connection is admitted.
pub(super) enum Admitted {
    Regular(OwnedSemaphorePermit),
    /// The limit is reached. Room may be made in a moment.
    HealthOnly(OwnedSemaphorePermit),
}

impl Admission {
    /// Allows `max` connections, or as many as the limit on open files leaves.
    pub(super) fn new(max: Option<usize>) -> Arc<Self> {
        let max = max.unwrap_or_else(|| allowed(max_open_files())).min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            connections: Arc::new(Semaphore::new(max)),
            health_reserve: Arc::new(Semaphore::new(HEALTH_RESERVE)),
            untrusted: Mutex::default(),
        })
    }

    /// Decides on a new connection; none if even the reserved connections are in use.
    pub(super) fn admit(&self) -> Option<Admitted> {
        if let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() {
            return Some(Admitted::Regular(permit));
        }
        self.make_room();
        Arc::clone(&self.health_reserve).try_acquire_owned().ok().map(Admitted::HealthOnly)
    }

    /// Waits until another connection has ended.
    pub(super) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }

    /// Lists a connection as one that may be closed to make room.
    pub(super) fn list(&self, connection: &Connection) {
        let mut untrusted = lock(&self.untrusted);
        let UntrustedConnections { queue, sweep_at } = &mut *untrusted;
        if queue.len() >= (*sweep_at).max(MIN_SWEEP) {
            queue
                .retain(|connection| connection.upgrade().is_some_and(|connection| !connection.is_trusted()));
            *sweep_at = queue.len() * 2;
        }
        queue.push_back(connection.downgrade());
    }

    /// Aborts the oldest connection that serves no signed-in client.
    fn make_room(&self) {
        let mut untrusted = lock(&self.untrusted);
        while let Some(connection) = untrusted.queue.pop_front() {
            if let Some(connection) = connection.upgrade().filter(|connection| !connection.is_trusted()) {
                return connection.abort();
            }
        }
    }
}

/// The number of connections that this limit on open files leaves.
fn allowed(limit: usize) -> usize {
    limit.saturating_sub(HEALTH_RESERVE + OTHER_FILES).max(limit / 2)
}

fn max_open_files() -> usize {
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| limit as usize)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::metrics::counter::Counter;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::connection::{ClientStream, ConnectionSettings, Connections};

    #[test]
    fn connections_above_the_limit_are_for_health_checks_and_beyond_those_refused() {
        let admission = Admission::new(Some(2));
        let _kept = [admission.admit(), admission.admit()];
        assert!(_kept.iter().all(|admitted| matches!(admitted, Some(Admitted::Regular(_)))));
        let health_reserve: Vec<_> = (0..HEALTH_RESERVE).map(|_| admission.admit()).collect();
        assert!(health_reserve.iter().all(|admitted| matches!(admitted, Some(Admitted::HealthOnly(_)))));
        assert!(admission.admit().is_none());
        drop(health_reserve);
        assert!(matches!(admission.admit(), Some(Admitted::HealthOnly(_))));
    }

    #[test]
    fn the_limit_leaves_files_for_other_things_and_half_of_a_small_one_is_for_connections() {
        for (limit, connections) in [(1_048_576, 1_048_320), (1_024, 768), (512, 256), (256, 128), (64, 32)] {
            assert_eq!(allowed(limit), connections, "{limit}");
        }
        let admission = Admission::new(None);
        assert_eq!(admission.connections.available_permits(), allowed(max_open_files()));
    }

    async fn open(connections: &Connections) -> ClientStream {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (peer, accepted) =
            tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        drop(peer.unwrap());
        let permit = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        connections.open(accepted.unwrap().0, permit)
    }

    #[tokio::test]
    async fn the_oldest_untrusted_connection_makes_room_and_closed_ones_are_not_kept() {
        let aborted = Counter::default();
        let settings = ConnectionSettings {
            flush_interval: Duration::ZERO,
            send_limit: 0,
            linger: Duration::ZERO,
            aborted: aborted.clone(),
        };
        let connections = Connections::start(settings, TaskTracker::new());
        let admission = Admission::new(Some(0));
        let (trusted, oldest, newest) =
            (open(&connections).await, open(&connections).await, open(&connections).await);
        trusted.connection().trust();
        admission.list(trusted.connection());
        admission.list(oldest.connection());
        // Many connections that are gone, and many that serve a signed-in client.
        for _ in 0..2 * MIN_SWEEP {
            admission.list(trusted.connection());
        }
        let gone = open(&connections).await;
        for _ in 0..2 * MIN_SWEEP {
            admission.list(gone.connection());
        }
        drop(gone);
        admission.list(newest.connection());
        for _ in 0..2 * MIN_SWEEP {
            admission.list(trusted.connection());
        }
        let listed = admission.untrusted.lock().unwrap().queue.len();
        assert!(listed <= MIN_SWEEP + 2, "{listed} are listed");

        for (makes_room, number) in [(&oldest, 1), (&newest, 2)] {
            assert!(matches!(admission.admit(), Some(Admitted::HealthOnly(_))));
            assert_eq!(aborted.get(), number);
            assert!(makes_room.connection().is_aborted());
        }
        assert!(admission.admit().is_some() && !trusted.connection().is_aborted());
    }
}
