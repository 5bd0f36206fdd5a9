//! The write path: a change is admitted to a bounded queue, committed with others, and handed on by a channel, in the order of
//! commits. Nothing here knows a live room.

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
    chat::{id::RoomId, timestamp::Timestamp},
    clock,
    db::{
        Db,
        room_log::{Append, Appended, Heads},
    },
    error::{Error, Result},
    metrics::Instruments,
};

/// Batches that are committed and not yet applied, at most: then no more are committed.
const MAX_UNAPPLIED_BATCHES: usize = 4;

/// Changes of one room that are committed together and need not wait for later ones to be sent with them: more than are waited
/// for before a commit, as those come all the time.
pub const RUN: usize = group_commit::COMMIT_SIBLINGS + 1;

/// How changes are queued and committed.
pub struct Settings {
    /// Changes that may wait.
    pub capacity: usize,
    /// The longest that a change waits for its commit.
    pub patience: Duration,
    /// The longest that a small batch waits for more changes; zero: not at all.
    pub commit_interval: Duration,
}

/// Takes changes in.
pub struct Log {
    queue: Queue,
    patience: Duration,
    heads: Arc<Heads>,
}

/// The outcome of a change, once it is applied.
pub struct Committed {
    pub appended: Appended,
    /// The event that the room was sent, if anybody was in it here.
    pub sent: Option<Encoded>,
}

/// A change that was committed or refused. Whoever asked for it waits for [`Self::answer`].
pub struct Outcome {
    pub room_id: RoomId,
    pub result: Result<Appended>,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<Committed>>;

impl Outcome {
    pub fn answer(self, sent: Option<Encoded>) {
        // If nobody waits any more: it is in the log.
        let _gone = self.reply.send(self.result.map(|appended| Committed { appended, sent }));
    }
}

/// For a change in the queue.
pub struct Receipt {
    committed: oneshot::Receiver<Result<Committed>>,
    patience: Duration,
}

impl Receipt {
    /// Waits until the change is committed and applied, or refused. What is still in the queue when patience ends is not
    /// committed any more; what the database has been given by then may yet be, and is then applied like any other.
    pub async fn committed(self) -> Result<Committed> {
        match timeout(clock::time_left(self.patience), self.committed).await {
            Ok(committed) => committed.unwrap_or(Err(Error::ShuttingDown)),
            Err(_) => Err(Error::Unavailable(format!("not committed within {:?}", self.patience))),
        }
    }
}

impl Log {
    /// Starts the writer, which ends when the log is dropped and its queue is empty. Batches of outcomes come by the channel.
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
        (Self { queue, patience: settings.patience, heads }, received)
    }

    /// Queues a change for commit, in the order of the calls. A full queue is [`Error::Busy`] at once.
    pub fn append(&self, append: Append) -> Result<Receipt> {
        let (reply, committed) = oneshot::channel();
        self.queue.push(append, reply)?;
        Ok(Receipt { committed, patience: self.patience })
    }

    /// What the writer is to know of a room's log before its next append, so that this takes the fast path.
    pub fn note_head(&self, room_id: &RoomId, seq: i64, at: Timestamp) {
        self.heads.note(room_id, seq, at);
    }

    /// Changes that wait.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }
}
