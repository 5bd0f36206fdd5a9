//! The transport of a socket as its rooms know it: a websocket, or polling that may be upgraded to one. It can be
//! aborted from outside.

use std::{
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence},
    },
    time::{Duration, Instant},
};

use futures_util::task::AtomicWaker;
use tokio::{runtime::Handle, sync::Notify, task::yield_now};

use super::Connection;

/// The route to one socket's transport; cheap to clone. It does not keep the transport open.
#[derive(Clone)]
pub struct SocketRoute(Arc<Shared>);

/// A weak [`SocketRoute`]: the socket may be gone.
#[derive(Clone)]
pub struct WeakRoute(Weak<Shared>);

struct Shared {
    created: Instant,
    websocket: OnceLock<Connection>,
    /// The time when the client was last known to be alive, in microseconds after the creation; 0 if it never was.
    last_heard_micros: AtomicU64,
    /// A liveness probe is under way.
    is_probe_requested: AtomicBool,
    signs_of_life: Notify,
    /// The client has signed in.
    is_signed_in: AtomicBool,
    is_aborted: AtomicBool,
    /// The number of refused sign-ins.
    refusals: AtomicU32,
    /// The client's packets are held back.
    is_held: AtomicBool,
    /// The task that reads for the socket, which notices an abort and the end of a hold.
    reader: AtomicWaker,
}

/// Holds back a client's packets until a moment after it is dropped.
pub struct Hold(SocketRoute);

impl Drop for Hold {
    fn drop(&mut self) {
        let route = self.0.clone();
        let release = move || {
            route.0.is_held.store(false, Ordering::Release);
            fence(Ordering::SeqCst);
            route.wake_reader();
        };
        match Handle::try_current() {
            // The task that drops it is to end first.
            Ok(runtime) => {
                runtime.spawn(async move {
                    yield_now().await;
                    release();
                });
            }
            Err(_) => release(),
        }
    }
}

impl Default for SocketRoute {
    fn default() -> Self {
        Self(Arc::new(Shared {
            created: Instant::now(),
            websocket: OnceLock::new(),
            last_heard_micros: AtomicU64::new(0),
            is_probe_requested: AtomicBool::new(false),
            signs_of_life: Notify::new(),
            is_signed_in: AtomicBool::new(false),
            is_aborted: AtomicBool::new(false),
            refusals: AtomicU32::new(0),
            is_held: AtomicBool::new(false),
            reader: AtomicWaker::new(),
        }))
    }
}

impl SocketRoute {
    /// Notes that the client is alive: it has received what it was sent a round trip ago.
    pub fn note_heard(&self) {
        let since = u64::try_from(self.0.created.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.last_heard_micros.store(since.max(1), Ordering::Relaxed);
        self.0.signs_of_life.notify_waiters();
    }

    /// The time when the client was last known to be alive: its websocket was read from, or it answered a ping.
    pub fn last_heard(&self) -> Option<Instant> {
        let since = self.0.last_heard_micros.load(Ordering::Relaxed);
        (since > 0).then(|| self.0.created + Duration::from_micros(since))
    }

    /// Probes the client: pings it and waits until it is known to be alive.
    pub async fn probe(&self) {
        let requested_at = Instant::now();
        self.0.is_probe_requested.store(true, Ordering::Release);
        self.wake_reader();
        loop {
            let sign = self.0.signs_of_life.notified();
            if self.last_heard().is_some_and(|last| last > requested_at) {
                return;
            }
            sign.await;
        }
    }

    /// True once after a liveness probe was requested.
    pub fn take_probe_request(&self) -> bool {
        self.0.is_probe_requested.load(Ordering::Acquire)
            && self.0.is_probe_requested.swap(false, Ordering::AcqRel)
    }

    fn wake_reader(&self) {
        if let Some(connection) = self.websocket() {
            connection.wake_reader();
        }
        self.0.reader.wake();
    }

    /// The websocket, if the socket has one by now.
    pub fn websocket(&self) -> Option<&Connection> {
        self.0.websocket.get()
    }

    /// Sets the websocket that the socket uses from now on.
    pub fn set_websocket(&self, connection: &Connection) {
        // A session is upgraded at most once.
        let _set = self.0.websocket.set(connection.clone());
        // Either this thread sees that the client has signed in or was aborted, or the other thread sees the websocket.
        fence(Ordering::SeqCst);
        if self.is_signed_in() {
            connection.trust();
        }
        if self.is_aborted() {
            connection.abort();
        }
    }

    /// The transport's name in Engine.IO.
    pub fn transport(&self) -> &'static str {
        if self.websocket().is_some() { "websocket" } else { "polling" }
    }

    pub fn is_signed_in(&self) -> bool {
        self.0.is_signed_in.load(Ordering::Acquire)
    }

    /// Notes that the client has signed in, which lifts the limits on clients that have not.
    pub fn sign_in(&self) {
        self.0.is_signed_in.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        if let Some(connection) = self.websocket() {
            connection.trust();
        }
    }

    /// The number of this client's refused sign-ins.
    pub fn refusals(&self) -> u32 {
        self.0.refusals.load(Ordering::Relaxed)
    }

    /// Counts a refused sign-in; returns the new number.
    pub fn refuse(&self) -> u32 {
        self.0.refusals.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Holds back the client's next packets: the server reads them when it is done with the last one.
    pub fn hold(&self) -> Hold {
        self.0.is_held.store(true, Ordering::Release);
        Hold(self.clone())
    }

    pub fn is_held(&self) -> bool {
        self.0.is_held.load(Ordering::Acquire)
    }

    /// Aborts the transport as a broken network would; the client reconnects.
    pub fn abort(&self) {
        self.0.is_aborted.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        if let Some(connection) = self.websocket() {
            connection.abort();
        }
        self.0.reader.wake();
    }

    pub fn is_aborted(&self) -> bool {
        self.0.is_aborted.load(Ordering::Acquire)
    }

    /// Wakes this task when the transport is aborted.
    pub fn watch(&self, context: &std::task::Context<'_>) {
        self.0.reader.register(context.waker());
    }

    pub fn downgrade(&self) -> WeakRoute {
        WeakRoute(Arc::downgrade(&self.0))
    }
}

impl WeakRoute {
    /// The route, if its socket still exists.
    pub fn upgrade(&self) -> Option<SocketRoute> {
        self.0.upgrade().map(SocketRoute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn packets_are_held_back_until_the_task_that_released_them_has_ended() {
        let route = SocketRoute::default();
        let hold = route.hold();
        let held = route.clone();
        let task = tokio::spawn(async move {
            drop(hold);
            held.is_held()
        });
        assert!(task.await.unwrap(), "its task is not done");
        while route.is_held() {
            yield_now().await;
        }
    }
}
