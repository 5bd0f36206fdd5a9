//! The one way to lock a mutex, and work that takes long.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};

/// Work on fewer bytes than this takes less than a millisecond.
const MIN_BYTES: usize = 16_384;

/// Locks a mutex, also after a panic of an earlier holder. The data that such a mutex protects is valid after each
/// single change, so a panic leaves nothing half done for the next holder.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does work on so many bytes, which may take long. The runtime's other tasks go on meanwhile, also those of this thread.
pub fn off_worker<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let has_workers =
        || Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    if bytes >= MIN_BYTES && has_workers() { block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn other_tasks_go_on_while_a_thread_works() {
        let (done, waits) = mpsc::channel();
        let work = tokio::spawn(async move {
            tokio::spawn(async move { done.send(()).unwrap() });
            off_worker(MIN_BYTES, || waits.recv_timeout(Duration::from_secs(10)))
        });
        assert!(work.await.unwrap().is_ok());
        assert_eq!(off_worker(1, || 2), 2);
    }

    #[tokio::test]
    async fn a_runtime_of_one_thread_works_by_itself() {
        assert_eq!(off_worker(MIN_BYTES, || 2), 2);
    }
}
