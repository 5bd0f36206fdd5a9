//! The writer: takes whatever changes wait and commits them as one transaction; then they are applied in order and answered,
//! while the next are being committed. An idle server adds no latency, a busy one shares commits.

use std::{
    collections::HashSet,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::value::RawValue;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};

use super::{
    Rooms,
    newest::size_of_json,
    pace::{self, Pace},
};
use crate::{
    chat::{id::RoomId, timestamp::Timestamp},
    clock,
    db::room_log::{Append, Appended, Appender, Change, Heads, held},
    error::{Error, Result},
};

/// Changes committed together at the most. With eight columns a row, far below what one statement may bind.
const BATCH: usize = 256;

/// The content of changes that are committed together at the most, in bytes; a larger one is committed alone.
const BATCH_BYTES: usize = 8 << 20;

/// The content of changes that may wait, in bytes: pictures come as content, too.
const WAITING_BYTES: usize = 256 << 20;

/// Batches that are committed and not yet told, at the most: then no more are committed.
const AHEAD: usize = 4;

/// Entries of one room committed together that do not wait for later ones to be told with them: more than are waited for
/// before a commit, as those come all the time.
const RUN: usize = pace::ENOUGH + 1;

pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
    /// Bytes of changes that are not committed.
    waiting: Arc<AtomicUsize>,
    patience: Duration,
    heads: Arc<Heads>,
}

pub(super) struct Job {
    append: Append,
    settle: Settle,
    weight: Weight,
}

/// The content of a change that waits, in bytes; it is counted until this is dropped.
struct Weight {
    bytes: usize,
    waiting: Arc<AtomicUsize>,
}

impl Weight {
    /// None if too much waits already. One that is alone is never too much.
    fn put_on(waiting: &Arc<AtomicUsize>, bytes: usize) -> Option<Self> {
        let before = waiting.fetch_add(bytes, Ordering::Relaxed);
        let weight = Self { bytes, waiting: Arc::clone(waiting) };
        (before == 0 || before + bytes <= WAITING_BYTES).then_some(weight)
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The content of a change, about, in bytes.
fn size_of(append: &Append) -> usize {
    match &append.change {
        Change::New(message) => message.content.len() + size_of_json(&message.metadata),
        Change::Edit { content, .. } => content.len(),
        Change::Delete { .. } | Change::React { .. } | Change::Unreact { .. } => 0,
    }
}

/// What became of a change.
pub struct Settled {
    pub appended: Appended,
    /// What the sockets here were told, if anybody was.
    pub told: Option<Box<RawValue>>,
}

type Settle = oneshot::Sender<Result<Settled>>;

/// Where a change is, who waits for it, and what became of it.
struct Written {
    room_id: RoomId,
    settle: Settle,
    outcome: Result<Appended>,
}

/// For a change in the queue.
pub struct Receipt {
    settled: oneshot::Receiver<Result<Settled>>,
    patience: Duration,
}

impl Receipt {
    /// Waits until the change is committed and told, or refused. What is still in the queue when patience ends is not
    /// committed any more; what the database has been given by then may yet be, and is then told like any other.
    pub async fn settled(self) -> Result<Settled> {
        match timeout(self.patience, self.settled).await {
            Ok(settled) => settled.unwrap_or(Err(Error::ShuttingDown)),
            Err(_) => Err(Error::Unavailable(format!("not committed within {:?}", self.patience))),
        }
    }
}

impl Writer {
    pub(super) fn channel(capacity: usize, patience: Duration) -> (Self, mpsc::Receiver<Job>) {
        let (queue, jobs) = mpsc::channel(capacity);
        (Self { queue, waiting: Arc::default(), patience, heads: Arc::default() }, jobs)
    }

    /// What the writer is to know of a room's log before its next append, so that this takes the quick way.
    pub(super) fn note_head(&self, room_id: &RoomId, seq: i64, at: Timestamp) {
        self.heads.note(room_id, seq, at);
    }

    /// Changes that wait.
    pub(super) fn len(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    pub(super) fn append(&self, append: Append) -> Result<Receipt> {
        let (settle, settled) = oneshot::channel();
        let weight = Weight::put_on(&self.waiting, size_of(&append)).ok_or(Error::Busy)?;
        match self.queue.try_send(Job { append, settle, weight }) {
            Ok(()) => Ok(Receipt { settled, patience: self.patience }),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Error::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Error::ShuttingDown),
        }
    }
}

/// Runs until `rooms` is gone and the queue is empty.
pub(super) async fn run(rooms: Weak<Rooms>, mut jobs: mpsc::Receiver<Job>, mut pace: Pace) {
    let (settle, written) = mpsc::channel(AHEAD);
    tokio::spawn(settle_all(Weak::clone(&rooms), written));
    let mut batch = Vec::new();
    let Some(heads) = rooms.upgrade().map(|rooms| Arc::clone(&rooms.writer.heads)) else { return };
    let mut appender = Appender::new(heads);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        pace.gather(&mut jobs, &mut batch, BATCH).await;
        let Some(rooms) = rooms.upgrade() else { return };
        // By room, in the order of their ids, so that nodes take the rooms' locks in one order; within a room as they came.
        batch.sort_by(|one, other| one.append.room_id.cmp(&other.append.room_id));
        let (plain, others) = split(&appender, std::mem::take(&mut batch));
        for mut part in [plain, others].into_iter().flat_map(portions) {
            // Who has given up waiting, be it for an earlier part, was told that it failed: then it must.
            part.retain(|job| !job.settle.is_closed());
            if part.is_empty() {
                continue;
            }
            let written = write(&rooms, &mut appender, part).await;
            if settle.send(written).await.is_err() {
                return;
            }
        }
    }
}

/// Applies what was committed, in order, and answers. Runs until the writer has ended.
async fn settle_all(rooms: Weak<Rooms>, mut written: mpsc::Receiver<Vec<Written>>) {
    while let Some(batch) = written.recv().await {
        let Some(rooms) = rooms.upgrade() else { return };
        rooms.is_busy.store(batch.len() > 1, Ordering::Relaxed);
        let mut batch = batch.into_iter().peekable();
        let mut run = 0;
        while let Some(Written { room_id, settle, outcome }) = batch.next() {
            let told = match &outcome {
                Ok(Appended::Entry(entry)) => rooms.committed(entry).await,
                _ => None,
            };
            // Nobody waits any more: fine, it is in the log.
            let _gone = settle.send(outcome.map(|appended| Settled { appended, told }));
            run += 1;
            if batch.peek().is_some_and(|next| next.room_id == room_id) {
                continue;
            }
            // So many are told back to back anyway.
            if run >= RUN {
                rooms.tell_untold_in(&room_id);
            }
            run = 0;
            // Between rooms others get a turn.
            if batch.peek().is_some() {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Rooms with nothing but new messages, which may take the quick way, and the others.
fn split(appender: &Appender, batch: Vec<Job>) -> (Vec<Job>, Vec<Job>) {
    let slow: HashSet<RoomId> = batch
        .iter()
        .map(|job| &job.append)
        .filter(|append| !append.is_new() || !appender.knows(&append.room_id))
        .map(|append| append.room_id.clone())
        .collect();
    batch.into_iter().partition(|job| !slow.contains(&job.append.room_id))
}

/// The same in order, in parts that are not too large for one commit.
fn portions(batch: Vec<Job>) -> Vec<Vec<Job>> {
    let mut portions: Vec<Vec<Job>> = Vec::new();
    let mut bytes = 0;
    for job in batch {
        bytes += job.weight.bytes;
        match portions.last_mut() {
            Some(last) if bytes <= BATCH_BYTES => last.push(job),
            _ => {
                bytes = job.weight.bytes;
                portions.push(vec![job]);
            }
        }
    }
    portions
}

/// Commits what it can: where the log of a room is held by another transaction, that room's changes fail and the others are
/// committed without them.
async fn write(rooms: &Rooms, appender: &mut Appender, batch: Vec<Job>) -> Vec<Written> {
    // It waits until it is written.
    let mut _weights = Vec::with_capacity(batch.len());
    let mut rest: Vec<(Append, Settle)> = batch
        .into_iter()
        .map(|Job { append, settle, weight }| {
            _weights.push(weight);
            (append, settle)
        })
        .collect();
    let mut written = Vec::with_capacity(rest.len());
    appender.look_at_held(&rooms.db, rest.iter().map(|(append, _)| &append.room_id)).await;
    // The second time without the rooms that the first has found to be held.
    for is_last in [false, true] {
        // Who has given up waiting meanwhile was told that it failed: then it must.
        let (free, failed): (Vec<_>, Vec<_>) = rest
            .into_iter()
            .partition(|(append, settle)| !appender.is_held(&append.room_id) && !settle.is_closed());
        let failed = failed.into_iter().map(|(append, settle)| (append.room_id, settle));
        written.extend(failed.map(|(room_id, settle)| Written { room_id, settle, outcome: Err(held()) }));
        let (appends, settles): (Vec<Append>, Vec<Settle>) = free.into_iter().unzip();
        if appends.is_empty() {
            break;
        }
        let appends: Arc<[Append]> = appends.into();
        let outcomes = commit(rooms, appender, &appends, &settles).await;
        if !is_last && appends.iter().any(|append| appender.is_held(&append.room_id)) {
            rest = appends.iter().cloned().zip(settles).collect();
            continue;
        }
        let places = appends.iter().map(|append| append.room_id.clone()).zip(settles);
        let outcomes = places.zip(outcomes);
        written.extend(outcomes.map(|((room_id, settle), outcome)| Written { room_id, settle, outcome }));
        break;
    }
    written
}

async fn commit(
    rooms: &Rooms,
    appender: &mut Appender,
    appends: &Arc<[Append]>,
    settles: &[Settle],
) -> Vec<Result<Appended>> {
    let begun = Instant::now();
    let appended = appender.append(&rooms.db, Arc::clone(appends), clock::now()).await;
    rooms.instruments.batch.observe(appends.len() as f64);
    rooms.instruments.append_seconds.observe(begun.elapsed().as_secs_f64());
    match appended {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(error) if appends.len() == 1 || matches!(error, Error::Unavailable(_) | Error::Busy) => {
            vec![Err(error); appends.len()]
        }
        Err(_) => write_in_halves(rooms, appender, appends, settles).await,
    }
}

/// A bad row fails alone: a part that fails is halved until the row is found. That takes a few commits for each bad
/// row, however many rows there are.
async fn write_in_halves(
    rooms: &Rooms,
    appender: &mut Appender,
    appends: &[Append],
    settles: &[Settle],
) -> Vec<Result<Appended>> {
    let mut outcomes = Vec::with_capacity(appends.len());
    let mut lost = None;
    let mut parts = halves(appends, settles);
    while let Some((part, settles)) = parts.pop() {
        // The database went away meanwhile: not to wait for it once for each.
        if let Some(error) = &lost {
            outcomes.extend(part.iter().map(|_| Err(Error::clone(error))));
            continue;
        }
        // Who has given up waiting was told that it failed: then it must, and nobody hears of this.
        if settles.iter().any(Settle::is_closed) {
            match part.len() {
                1 => outcomes.push(Err(Error::Busy)),
                _ => parts.extend(halves(part, settles)),
            }
            continue;
        }
        match appender.append(&rooms.db, Arc::from(part), clock::now()).await {
            Ok(committed) => outcomes.extend(committed.into_iter().map(Ok)),
            Err(error @ Error::Unavailable(_)) => {
                outcomes.extend(part.iter().map(|_| Err(error.clone())));
                lost = Some(error);
            }
            Err(error) if part.len() == 1 => outcomes.push(Err(error)),
            Err(_) => parts.extend(halves(part, settles)),
        }
    }
    outcomes
}

/// Both halves, the first one last: it is the next to be taken.
fn halves<'a>(appends: &'a [Append], settles: &'a [Settle]) -> Vec<(&'a [Append], &'a [Settle])> {
    let middle = appends.len() / 2;
    let ((first, second), (its, others)) = (appends.split_at(middle), settles.split_at(middle));
    vec![(second, others), (first, its)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chat::message::MessageType, db::room_log::NewMessage};

    fn append(bytes: usize) -> Append {
        let message = NewMessage {
            content: "x".repeat(bytes),
            kind: MessageType::Text,
            metadata: serde_json::Value::Null,
            reply_to: None,
            client_id: None,
        };
        let change = Change::New(message);
        Append { room_id: "room".into(), actor_id: "anna".into(), actor_name: "Anna".into(), change }
    }

    #[tokio::test]
    async fn what_waits_is_bounded_in_bytes_and_what_is_alone_is_never_too_much() {
        const LARGE: usize = WAITING_BYTES / 4;
        let (writer, mut jobs) = Writer::channel(1_000, Duration::from_secs(1));
        let _alone = writer.append(append(WAITING_BYTES + 1)).unwrap();
        assert!(matches!(writer.append(append(1)), Err(Error::Busy)));
        drop(jobs.recv().await);
        for _ in 0..3 {
            let _receipt = writer.append(append(LARGE)).unwrap();
        }
        assert!(matches!(writer.append(append(LARGE)), Err(Error::Busy)));
        drop(jobs.recv().await);
        assert!(writer.append(append(LARGE)).is_ok(), "there is room again");
    }

    #[tokio::test]
    async fn a_commit_is_bounded_in_bytes_and_order_is_kept() {
        let (writer, mut jobs) = Writer::channel(1_000, Duration::from_secs(1));
        let sizes = [1, BATCH_BYTES / 2, BATCH_BYTES / 2, 2, BATCH_BYTES * 2, 3, 4];
        for size in sizes {
            let _receipt = writer.append(append(size)).unwrap();
        }
        let mut batch = Vec::new();
        jobs.recv_many(&mut batch, sizes.len()).await;
        let portions = portions(batch);
        assert_eq!(portions.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1, 2]);
        let content = |job: &Job| match &job.append.change {
            Change::New(message) => message.content.len(),
            _ => 0,
        };
        assert_eq!(portions.iter().flatten().map(content).collect::<Vec<_>>(), sizes);
    }
}
