//! The writer: takes the queued changes and commits them in batches, while the batch before is being applied. An idle
//! server adds no latency; a busy one shares commits.

use std::{collections::HashSet, sync::Arc};

use tokio::{sync::mpsc, time::Instant};

use super::{
    Outcome, Reply,
    group_commit::GroupCommit,
    queue::{Queued, QueuedBytes},
};
use crate::{
    batch::fill,
    chat::{Error, Result, id::RoomId},
    clock,
    db::{
        Db,
        room_log::{Append, Appended, Appender, Heads, held},
    },
    metrics::Instruments,
};

/// The most changes of one commit. With eight columns a row, this is far below the parameters that one statement may
/// bind.
const BATCH: usize = 256;

/// The most content of one commit, in bytes; a larger change is committed alone.
const BATCH_BYTES: usize = 8 << 20;

pub(super) struct Writer {
    db: Db,
    instruments: Instruments,
    appender: Appender,
}

impl Writer {
    pub(super) fn new(db: Db, instruments: Instruments, heads: Arc<Heads>) -> Self {
        Self { db, instruments, appender: Appender::new(heads) }
    }

    /// Runs until the queue is closed and empty, or the receiver of outcomes is gone.
    pub(super) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Queued>,
        mut group_commit: GroupCommit,
        outcomes: mpsc::Sender<Vec<Outcome>>,
    ) {
        let mut batch = Vec::new();
        while fill(&mut queue, &mut batch, BATCH).await {
            group_commit.collect(&mut queue, &mut batch, BATCH).await;
            // Sort by room id, so that all nodes lock the rooms in one order. The sort is stable: within a room the
            // order of arrival stays.
            batch.sort_by(|one, other| one.append.room_id.cmp(&other.append.room_id));
            let (fast, slow) = self.split(std::mem::take(&mut batch));
            for mut part in [fast, slow].into_iter().flat_map(portions) {
                // A sender that has given up waiting, even for an earlier part, was told that the change failed, so it
                // must not be committed.
                part.retain(|queued| !queued.reply.is_closed());
                if part.is_empty() {
                    continue;
                }
                let written = self.write(part).await;
                if outcomes.send(written).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Splits the batch into rooms with nothing but new messages without mentions, which may take the fast path, and the others.
    fn split(&self, batch: Vec<Queued>) -> (Vec<Queued>, Vec<Queued>) {
        let slow: HashSet<RoomId> = batch
            .iter()
            .map(|queued| &queued.append)
            .filter(|append| !append.is_plain_message() || !self.appender.knows(&append.room_id))
            .map(|append| append.room_id.clone())
            .collect();
        batch.into_iter().partition(|queued| !slow.contains(&queued.append.room_id))
    }

    /// Commits as many changes as possible. If another transaction holds the lock of a room's log, that room's changes
    /// fail and the others are committed without them.
    async fn write(&mut self, batch: Vec<Queued>) -> Vec<Outcome> {
        // The changes count as waiting until they are written.
        let mut _sizes: Vec<QueuedBytes> = Vec::with_capacity(batch.len());
        let mut rest: Vec<(Append, Reply)> = batch
            .into_iter()
            .map(|Queued { append, reply, size }| {
                _sizes.push(size);
                (append, reply)
            })
            .collect();
        let mut written = Vec::with_capacity(rest.len());
        self.appender.look_at_held(&self.db, rest.iter().map(|(append, _)| &append.room_id)).await;
        // The second attempt leaves out the rooms that the first has found to be locked.
        for is_last in [false, true] {
            // A sender that has given up waiting was told that the change failed, so it must not be committed.
            let (free, failed): (Vec<_>, Vec<_>) = rest
                .into_iter()
                .partition(|(append, reply)| !self.appender.is_held(&append.room_id) && !reply.is_closed());
            let failed = failed.into_iter();
            written.extend(failed.map(|(append, reply)| Outcome {
                room_id: append.room_id,
                result: Err(held()),
                reply,
            }));
            let (appends, replies): (Vec<Append>, Vec<Reply>) = free.into_iter().unzip();
            if appends.is_empty() {
                break;
            }
            let appends: Arc<[Append]> = appends.into();
            let results = self.commit(&appends, &replies).await;
            if !is_last && appends.iter().any(|append| self.appender.is_held(&append.room_id)) {
                rest = appends.iter().cloned().zip(replies).collect();
                continue;
            }
            let places = appends.iter().map(|append| append.room_id.clone()).zip(replies);
            let outcomes = places.zip(results);
            written.extend(outcomes.map(|((room_id, reply), result)| Outcome { room_id, result, reply }));
            break;
        }
        written
    }

    async fn commit(&mut self, appends: &Arc<[Append]>, replies: &[Reply]) -> Vec<Result<Appended>> {
        let begun = Instant::now();
        let appended = self.appender.append(&self.db, Arc::clone(appends), clock::now()).await;
        self.instruments.append_batch.observe(appends.len() as f64);
        self.instruments.append_seconds.observe(begun.elapsed().as_secs_f64());
        match appended {
            Ok(appended) => appended.into_iter().map(Ok).collect(),
            Err(error) if appends.len() == 1 || matches!(error, Error::Unavailable(_) | Error::Busy) => {
                vec![Err(error); appends.len()]
            }
            Err(_) => self.write_in_halves(appends, replies).await,
        }
    }

    /// Isolates a bad row, so that it fails alone: a part that fails is halved until the row is found. That takes a few
    /// commits for each bad row, however many rows there are.
    async fn write_in_halves(&mut self, appends: &[Append], replies: &[Reply]) -> Vec<Result<Appended>> {
        let mut results = Vec::with_capacity(appends.len());
        let mut unavailable = None;
        let mut parts = halves(appends, replies);
        while let Some((part, replies)) = parts.pop() {
            // The database became unavailable meanwhile: do not wait for it once for each part.
            if let Some(error) = &unavailable {
                results.extend(part.iter().map(|_| Err(Error::clone(error))));
                continue;
            }
            // A sender that has given up waiting was told that the change failed, so it must not be committed; nobody
            // receives this error.
            if replies.iter().any(Reply::is_closed) {
                match part.len() {
                    1 => results.push(Err(Error::Busy)),
                    _ => parts.extend(halves(part, replies)),
                }
                continue;
            }
            match self.appender.append(&self.db, Arc::from(part), clock::now()).await {
                Ok(committed) => results.extend(committed.into_iter().map(Ok)),
                Err(error @ Error::Unavailable(_)) => {
                    results.extend(part.iter().map(|_| Err(error.clone())));
                    unavailable = Some(error);
                }
                Err(error) if part.len() == 1 => results.push(Err(error)),
                Err(_) => parts.extend(halves(part, replies)),
            }
        }
        results
    }
}

/// Splits the batch, in order, into portions that are not too large for one commit.
fn portions(batch: Vec<Queued>) -> Vec<Vec<Queued>> {
    let mut portions: Vec<Vec<Queued>> = Vec::new();
    let mut bytes = 0;
    for queued in batch {
        bytes += queued.size.bytes;
        match portions.last_mut() {
            Some(last) if bytes <= BATCH_BYTES => last.push(queued),
            _ => {
                bytes = queued.size.bytes;
                portions.push(vec![queued]);
            }
        }
    }
    portions
}

/// Both halves, the first one last, because the next part is popped from the end.
fn halves<'a>(appends: &'a [Append], replies: &'a [Reply]) -> Vec<(&'a [Append], &'a [Reply])> {
    let middle = appends.len() / 2;
    let ((first, second), (its, others)) = (appends.split_at(middle), replies.split_at(middle));
    vec![(second, others), (first, its)]
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        db::room_log::Change,
        log::queue::{Queue, tests::append},
    };

    #[tokio::test]
    async fn a_commit_is_bounded_in_bytes_and_order_is_kept() {
        let (queue, mut queued) = Queue::new(1_000);
        let sizes = [1, BATCH_BYTES / 2, BATCH_BYTES / 2, 2, BATCH_BYTES * 2, 3, 4];
        for size in sizes {
            queue.push(append(size), oneshot::channel().0).unwrap();
        }
        let mut batch = Vec::new();
        queued.recv_many(&mut batch, sizes.len()).await;
        let portions = portions(batch);
        assert_eq!(portions.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1, 2]);
        let content = |queued: &Queued| match &queued.append.change {
            Change::New(message) => message.content.len(),
            _ => 0,
        };
        assert_eq!(portions.iter().flatten().map(content).collect::<Vec<_>>(), sizes);
    }
}
