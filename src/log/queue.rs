//! The queue of changes that wait for their commit: bounded in number and in bytes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::mpsc;

use super::Reply;
use crate::{
    chat::{Error, Result},
    db::room_log::Append,
};

/// The most content of waiting changes, in bytes. Pictures are sent as content, too.
const MAX_BYTES: usize = 256 << 20;

pub(super) struct Queue {
    changes: mpsc::Sender<Queued>,
    /// The content of changes that are not committed, in bytes.
    bytes: Arc<AtomicUsize>,
}

/// A queued change.
pub(super) struct Queued {
    pub(super) append: Append,
    pub(super) reply: Reply,
    pub(super) size: QueuedBytes,
}

/// The content of a change in bytes. It counts towards the limit until this is dropped.
pub(super) struct QueuedBytes {
    pub(super) bytes: usize,
    waiting: Arc<AtomicUsize>,
}

impl QueuedBytes {
    /// Counts the bytes; none if they exceed the limit. A change that is alone never exceeds it.
    fn reserve(waiting: &Arc<AtomicUsize>, bytes: usize) -> Option<Self> {
        let before = waiting.fetch_add(bytes, Ordering::Relaxed);
        let size = Self { bytes, waiting: Arc::clone(waiting) };
        (before == 0 || before + bytes <= MAX_BYTES).then_some(size)
    }
}

impl Drop for QueuedBytes {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Queue {
    /// `capacity`: the most changes that may wait.
    pub(super) fn new(capacity: usize) -> (Self, mpsc::Receiver<Queued>) {
        let (changes, queued) = mpsc::channel(capacity);
        (Self { changes, bytes: Arc::default() }, queued)
    }

    /// Queues a change; [`Error::Busy`] if the queue is full.
    pub(super) fn push(&self, append: Append, reply: Reply) -> Result<()> {
        let size = QueuedBytes::reserve(&self.bytes, append.change.size()).ok_or(Error::Busy)?;
        self.changes.try_send(Queued { append, reply, size }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::ShuttingDown,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.changes.max_capacity() - self.changes.capacity()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        chat::{mention::Mentioned, message::MessageType},
        db::room_log::{Change, Edit, NewMessage},
    };

    /// A new message of this many bytes.
    pub(in super::super) fn append(bytes: usize) -> Append {
        let message = NewMessage {
            content: "x".repeat(bytes),
            kind: MessageType::Text,
            metadata: serde_json::Value::Null,
            reply_to: None,
            client_id: None,
            mentioned: Mentioned::default(),
            thread: None,
        };
        let change = Change::New(message);
        Append { room_id: "room".into(), actor_id: "anna".into(), actor_name: "Anna".into(), change }
    }

    #[tokio::test]
    async fn the_queue_is_bounded_in_bytes_and_takes_any_change_that_is_alone() {
        const LARGE: usize = MAX_BYTES / 4;
        let (queue, mut queued) = Queue::new(1_000);
        let push = |bytes| queue.push(append(bytes), oneshot::channel().0);
        push(MAX_BYTES + 1).unwrap();
        assert!(matches!(push(1), Err(Error::Busy)));
        drop(queued.recv().await);
        for _ in 0..3 {
            push(LARGE).unwrap();
        }
        assert!(matches!(push(LARGE), Err(Error::Busy)));
        drop(queued.recv().await);
        assert!(push(LARGE).is_ok(), "there is room again");
    }

    #[tokio::test]
    async fn edits_count_with_their_content() {
        let (queue, _queued) = Queue::new(1_000);
        let edit = Edit {
            message_id: "message".into(),
            content: "x".repeat(MAX_BYTES),
            mentioned: Mentioned::default(),
        };
        queue.push(Append { change: Change::Edit(edit), ..append(1) }, oneshot::channel().0).unwrap();
        assert!(matches!(queue.push(append(1), oneshot::channel().0), Err(Error::Busy)));
    }
}
