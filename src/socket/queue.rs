//! The event queue of a socket: its events take effect in the order of arrival, although socketioxide runs each in a
//! task of its own. Writes overlap once they are queued for commit, so that a fast sender's messages share commits.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{sync::Notify, task::unconstrained};

use crate::sync::lock;

/// The most events of one socket that may wait, and their bytes together. One more is refused as `busy`.
const MAX_EVENTS: usize = 16_384;
const MAX_BYTES: usize = 32 << 20;
/// The most events of one socket that may wait for their commit at the same time.
const MAX_OVERLAP: usize = 512;

/// Set by an event once the next one may begin.
pub(super) type NextAllowed = Arc<AtomicBool>;

/// An event as its queue sees it.
pub(super) trait QueuedEvent: Send {
    /// True if the event begins only when all earlier events are done.
    fn is_after_earlier(&self) -> bool;

    /// The memory that the event takes while it waits, in bytes.
    fn size(&self) -> usize;

    /// Handles the event. `next_allowed` is set as soon as the next event may begin, at the end at the latest.
    fn begin(self, next_allowed: NextAllowed) -> BoxFuture<'static, ()>;
}

pub(super) struct EventQueue<E> {
    waiting: Mutex<Waiting<E>>,
    arrived: Notify,
}

struct Waiting<E> {
    events: VecDeque<E>,
    bytes: usize,
    draining: bool,
    is_open: bool,
    is_finished: bool,
    first: Option<BoxFuture<'static, ()>>,
    last: Option<BoxFuture<'static, ()>>,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        let waiting = Waiting {
            events: VecDeque::new(),
            bytes: 0,
            draining: false,
            is_open: false,
            is_finished: false,
            first: None,
            last: None,
        };
        Self { waiting: Mutex::new(waiting), arrived: Notify::new() }
    }
}

impl<E: QueuedEvent> EventQueue<E> {
    fn lock(&self) -> MutexGuard<'_, Waiting<E>> {
        lock(&self.waiting)
    }

    /// Queues an event. Gives it back if the queue is full.
    pub(super) fn push(&self, event: E) -> Result<(), E> {
        let mut waiting = self.lock();
        let is_full = waiting.events.len() >= MAX_EVENTS || waiting.bytes + event.size() > MAX_BYTES;
        if is_full && !waiting.events.is_empty() {
            return Err(event);
        }
        waiting.bytes += event.size();
        waiting.events.push_back(event);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Opens the queue: events are handled from now on, beginning with those that have waited for this. `first` runs before
    /// all of them; not at all, if the socket is closed already.
    pub(super) async fn open(&self, first: Option<BoxFuture<'static, ()>>) {
        {
            let mut waiting = self.lock();
            waiting.is_open = true;
            waiting.first = first.filter(|_| !waiting.is_finished);
        }
        self.drain().await;
    }

    /// Runs `last` when all earlier events are done; nothing runs after it. This also works if the socket is closed
    /// before its queue is opened.
    pub(super) async fn finish(&self, last: BoxFuture<'static, ()>) {
        {
            let mut waiting = self.lock();
            waiting.last = Some(last);
            waiting.is_open = true;
            waiting.is_finished = true;
        }
        self.arrived.notify_one();
        self.drain().await;
    }

    /// Runs queued events until none is left. Only one task at a time does this; a second caller returns at once.
    pub(super) async fn drain(&self) {
        {
            let mut waiting = self.lock();
            if waiting.draining || !waiting.is_open {
                return;
            }
            waiting.draining = true;
        }
        let mut running = Running::default();
        loop {
            let first = self.lock().first.take();
            if let Some(first) = first {
                first.await;
            }
            let event = {
                let mut waiting = self.lock();
                let event = waiting.events.pop_front();
                match &event {
                    Some(event) => waiting.bytes -= event.size(),
                    None if running.is_empty() => match waiting.last.take() {
                        Some(last) => {
                            running.push(last);
                            continue;
                        }
                        None => {
                            waiting.draining = false;
                            return;
                        }
                    },
                    None => {}
                }
                event
            };
            let Some(event) = event else {
                tokio::select! {
                    _ = running.next() => {}
                    () = self.arrived.notified() => {}
                }
                continue;
            };
            while !running.is_empty() && (event.is_after_earlier() || running.len() >= MAX_OVERLAP) {
                running.next().await;
            }
            let next_allowed = NextAllowed::default();
            running.push(event.begin(Arc::clone(&next_allowed)));
            // The event runs on this very task, so its flag can only change while it is polled here.
            poll_fn(|context| {
                loop {
                    if next_allowed.load(Ordering::Relaxed) {
                        return Poll::Ready(());
                    }
                    match running.poll_next(context) {
                        Poll::Ready(Some(())) => {}
                        Poll::Ready(None) => return Poll::Ready(()),
                        Poll::Pending if next_allowed.load(Ordering::Relaxed) => return Poll::Ready(()),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            })
            .await;
        }
    }
}

/// Events that are done in one go before other tasks have their turn.
const MAX_PER_TURN: usize = 64;

/// Events that have begun and are not done.
#[derive(Default)]
struct Running {
    events: FuturesUnordered<BoxFuture<'static, ()>>,
    /// Events done since other tasks had their turn.
    done: usize,
}

impl Running {
    fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    fn len(&self) -> usize {
        self.events.len()
    }

    fn push(&mut self, event: BoxFuture<'static, ()>) {
        self.events.push(event);
    }

    /// Waits until one more is done.
    async fn next(&mut self) -> Option<()> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Bypasses Tokio's cooperative budget: an event that the budget delays would be polled again after later ones, and
    /// so be answered after them.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<()>> {
        if self.done >= MAX_PER_TURN {
            self.done = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = pin!(unconstrained(self.events.next())).poll(context);
        self.done = if polled.is_ready() { self.done + 1 } else { 0 };
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::oneshot;

    use super::*;

    type Log = Arc<Mutex<Vec<&'static str>>>;

    struct Event {
        log: Log,
        name: &'static str,
        after_earlier: bool,
        gate: Option<oneshot::Receiver<()>>,
    }

    impl QueuedEvent for Event {
        fn is_after_earlier(&self) -> bool {
            self.after_earlier
        }

        fn size(&self) -> usize {
            1
        }

        fn begin(self, next_allowed: NextAllowed) -> BoxFuture<'static, ()> {
            Box::pin(async move {
                self.log.lock().unwrap().push(self.name);
                if let Some(gate) = self.gate {
                    next_allowed.store(true, Ordering::Relaxed);
                    gate.await.unwrap();
                    self.log.lock().unwrap().push("done");
                }
                next_allowed.store(true, Ordering::Relaxed);
            })
        }
    }

    fn event(
        log: &Log,
        name: &'static str,
        after_earlier: bool,
        gate: Option<oneshot::Receiver<()>>,
    ) -> Event {
        Event { log: Arc::clone(log), name, after_earlier, gate }
    }

    #[tokio::test]
    async fn writes_overlap_and_readers_wait_for_them() {
        let (queue, log) = (Arc::new(EventQueue::default()), Log::default());
        let (open, gate) = oneshot::channel();
        for event in [
            event(&log, "write 1", false, Some(gate)),
            event(&log, "write 2", false, None),
            event(&log, "read", true, None),
        ] {
            assert!(queue.push(event).is_ok());
        }
        let drain = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.open(None).await }
        });
        while log.lock().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(*log.lock().unwrap(), ["write 1", "write 2"]);
        open.send(()).unwrap();
        drain.await.unwrap();
        assert_eq!(*log.lock().unwrap(), ["write 1", "write 2", "done", "read"]);
    }

    /// An event that is done when its gate opens.
    struct Gated {
        number: usize,
        gate: oneshot::Receiver<()>,
        begun: Arc<AtomicUsize>,
        done: Arc<Mutex<Vec<usize>>>,
    }

    impl QueuedEvent for Gated {
        fn is_after_earlier(&self) -> bool {
            false
        }

        fn size(&self) -> usize {
            1
        }

        fn begin(self, next_allowed: NextAllowed) -> BoxFuture<'static, ()> {
            Box::pin(async move {
                self.begun.fetch_add(1, Ordering::Relaxed);
                next_allowed.store(true, Ordering::Relaxed);
                self.gate.await.unwrap();
                self.done.lock().unwrap().push(self.number);
            })
        }
    }

    #[tokio::test]
    async fn many_that_are_committed_at_once_are_answered_in_their_order() {
        let (queue, begun, done) = (
            Arc::new(EventQueue::default()),
            Arc::<AtomicUsize>::default(),
            Arc::<Mutex<Vec<usize>>>::default(),
        );
        let mut gates = Vec::new();
        let push = |number| {
            let (open, gate) = oneshot::channel();
            let (begun, done) = (Arc::clone(&begun), Arc::clone(&done));
            assert!(queue.push(Gated { number, gate, begun, done }).is_ok());
            open
        };
        // More than a task may do in one turn.
        const MANY: usize = 300;
        (0..MANY).for_each(|number| gates.push(push(number)));
        let drain = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.open(None).await }
        });
        while begun.load(Ordering::Relaxed) < MANY {
            tokio::task::yield_now().await;
        }
        // One more event arrives while all are committed.
        gates.push(push(MANY));
        gates.into_iter().for_each(|gate| gate.send(()).unwrap());
        drain.await.unwrap();
        assert_eq!(*done.lock().unwrap(), Vec::from_iter(0..=MANY));
    }

    #[tokio::test]
    async fn queued_events_run_before_the_end_even_if_the_queue_was_never_opened() {
        let (queue, log) = (EventQueue::default(), Log::default());
        assert!(queue.push(event(&log, "event", false, None)).is_ok());
        let last = Arc::clone(&log);
        queue.finish(Box::pin(async move { last.lock().unwrap().push("last") })).await;
        assert_eq!(*log.lock().unwrap(), ["event", "last"]);
    }

    #[tokio::test]
    async fn a_crowded_queue_refuses() {
        let (queue, log) = (EventQueue::default(), Log::default());
        for _ in 0..MAX_EVENTS {
            assert!(queue.push(event(&log, "event", false, None)).is_ok());
        }
        assert!(queue.push(event(&log, "one more", false, None)).is_err());
        queue.drain().await;
        assert!(log.lock().unwrap().is_empty(), "nothing is handled before the queue is open");
        queue.open(None).await;
        assert_eq!(log.lock().unwrap().len(), MAX_EVENTS);
        assert!(queue.push(event(&log, "again", false, None)).is_ok());
    }
}
