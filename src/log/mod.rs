//! The write path: a change is queued in a bounded queue, committed in a batch, and handed on by a channel, in the
//! order of commits. No code here knows the rooms in memory.

mod group_commit;
mod queue;
mod writer;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};

use self::{group_commit::GroupCommit, queue::Queue, writer::Writer};
use crate::{
    broadcast::Encoded,
    chat::{Error, Result, id::RoomId, timestamp::Timestamp},
    clock,
    db::{
        Db,
        room_log::{Append, Appended, Heads},
    },
    metrics::Instruments,
};

/// The most batches that are committed and not yet applied. At this number, no more are committed (backpressure).
const MAX_UNAPPLIED_BATCHES: usize = 4;

/// A run of this many changes of one room that were committed together is broadcast without waiting for later ones. It
/// is longer than the batch that a commit waits for, since batches of that size are common under load.
pub const RUN: usize = group_commit::COMMIT_SIBLINGS + 1;

/// The settings of the queue and of group commit.
pub struct Settings {
    /// The most changes that may wait.
    pub capacity: usize,
    /// The longest that a change waits for its commit.
    pub commit_timeout: Duration,
    /// The longest that a small batch waits for more changes; zero turns the wait off.
    pub commit_interval: Duration,
}

/// Accepts changes and queues them for commit.
pub struct Log {
    queue: Queue,
    timeout: Duration,
    heads: Arc<Heads>,
}

/// The result of a committed change, once it is applied.
pub struct Committed {
    pub appended: Appended,
    /// The event that was broadcast to the room, if anybody was in it here.
    pub sent: Option<Encoded>,
}

/// A change that was committed or refused. Its sender waits until [`Self::answer`] is called.
pub struct Outcome {
    pub room_id: RoomId,
    pub result: Result<Appended>,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<Committed>>;

impl Outcome {
    pub fn answer(self, sent: Option<Encoded>) {
        // The sender may have given up waiting; the change is in the log all the same.
        let _gone = self.reply.send(self.result.map(|appended| Committed { appended, sent }));
    }
}

/// The receipt for a queued change.
pub struct Receipt {
    committed: oneshot::Receiver<Result<Committed>>,
    timeout: Duration,
}

impl Receipt {
    /// Waits until the change is committed and applied, or refused. A change that is still queued at the timeout is not
    /// committed any more. One that the database has been given by then may still be committed, and is then applied
    /// like any other.
    pub async fn committed(self) -> Result<Committed> {
        match timeout(clock::time_left(self.timeout), self.committed).await {
            Ok(committed) => committed.unwrap_or(Err(Error::ShuttingDown)),
            Err(_) => Err(Error::Unavailable(format!("not committed within {:?}", self.timeout))),
        }
    }
}

impl Log {
    /// Starts the writer, which ends when the log is dropped and its queue is empty. Batches of outcomes are sent on
    /// the channel.
    pub fn start(
        db: Db,
        instruments: Instruments,
        settings: &Settings,
    ) -> (Self, mpsc::Receiver<Vec<Outcome>>) {
        let (queue, queued) = Queue::new(settings.capacity);
        let (outcomes, received) = mpsc::channel(MAX_UNAPPLIED_BATCHES);
        let heads = Arc::<Heads>::default();
        let writer = Writer::new(db, instruments, Arc::clone(&heads));
        let group_commit = GroupCommit::new(settings.commit_interval, Instant::now());
        tokio::spawn(writer.run(queued, group_commit, outcomes));
        (Self { queue, timeout: settings.commit_timeout, heads }, received)
    }

    /// Queues a change for commit, in the order of the calls. If the queue is full, returns [`Error::Busy`] at once.
    pub fn append(&self, append: Append) -> Result<Receipt> {
        let (reply, committed) = oneshot::channel();
        self.queue.push(append, reply)?;
        Ok(Receipt { committed, timeout: self.timeout })
    }

    /// Tells the writer the head of a room's log, so that its next append takes the fast path.
    pub fn note_head(&self, room_id: &RoomId, seq: i64, at: Timestamp) {
        self.heads.note(room_id, seq, at);
    }

    /// The number of changes that wait.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }
}
