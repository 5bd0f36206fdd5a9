//! Marks of what users have read, and of what has reached them, are batched for a moment and coalesced: one of each user
//! and room is written. If a caller waits for a mark, the whole batch is written at once.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex},
    time::Duration,
};

use prometheus_client::metrics::counter::Counter;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    batch::{fill, fill_until},
    chat::{
        Error, Result,
        id::{RoomId, UserId},
    },
    db::{
        Db,
        delivery_markers::{self, DeliveryMark},
        read_markers::{self, ReadMark},
    },
    sync::lock,
};

/// The most marks that may wait. Above that a mark is dropped, because a later one covers it.
const QUEUE_CAPACITY: usize = 65_536;
/// The most marks in one batch.
const MAX_BATCH: usize = 4_096;
/// The longest that a mark waits for others.
const BATCH_DELAY: Duration = Duration::from_millis(500);

/// A place in a room that a user has come to.
pub(super) trait Mark: Clone + Send + 'static {
    fn key(&self) -> (RoomId, UserId);
    /// Moves to where this mark and another one of the same user and room have come together.
    fn merge(&mut self, other: Self);
    /// Writes marks, of which each is of another user or room.
    fn write(db: &Db, marks: Vec<Self>) -> impl Future<Output = Result<()>> + Send;
}

impl Mark for ReadMark {
    fn key(&self) -> (RoomId, UserId) {
        (self.room_id.clone(), self.user_id.clone())
    }

    fn merge(&mut self, other: Self) {
        // The later mark may name the earlier entry, as one of another node or after the clock was set.
        (self.at, self.seq) = (self.at.max(other.at), self.seq.max(other.seq));
    }

    async fn write(db: &Db, marks: Vec<Self>) -> Result<()> {
        read_markers::advance(db, marks).await
    }
}

impl Mark for DeliveryMark {
    fn key(&self) -> (RoomId, UserId) {
        (self.room_id.clone(), self.user_id.clone())
    }

    fn merge(&mut self, other: Self) {
        self.seq = self.seq.max(other.seq);
    }

    async fn write(db: &Db, marks: Vec<Self>) -> Result<()> {
        delivery_markers::advance(db, marks).await
    }
}

pub(super) struct Marks<M> {
    queue: mpsc::Sender<WriteRequest<M>>,
    unwritten: Arc<Unwritten>,
}

/// The number of queued marks of each user.
type Unwritten = Mutex<HashMap<UserId, usize>>;

struct WriteRequest<M> {
    mark: Option<M>,
    written: Option<oneshot::Sender<Result<()>>>,
}

impl<M: Mark> Marks<M> {
    pub(super) fn start(db: Db, written: Counter) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE_CAPACITY);
        let unwritten = Arc::<Unwritten>::default();
        tokio::spawn(run(db, requests, Arc::clone(&unwritten), written));
        Self { queue, unwritten }
    }

    pub(super) fn note(&self, mark: M) {
        let (_, user_id) = mark.key();
        // Counted under the lock before the mark is queued, so that it is not subtracted first.
        let mut unwritten = lock(&self.unwritten);
        if self.queue.try_send(WriteRequest { mark: Some(mark), written: None }).is_ok() {
            *unwritten.entry(user_id).or_default() += 1;
        } else {
            tracing::warn!("the queue of marks is full: one was dropped");
        }
    }

    pub(super) async fn write(&self, mark: M) -> Result<()> {
        self.send(Some(mark)).await
    }

    /// Writes this user's queued marks, if there are any: unread messages are counted from what is stored.
    pub(super) async fn flush_of(&self, user_id: &UserId) {
        let is_written = !lock(&self.unwritten).contains_key(user_id);
        if !is_written {
            self.flush().await;
        }
    }

    pub(super) async fn flush(&self) {
        if let Err(error) = self.send(None).await {
            tracing::warn!(%error, "marks were not written");
        }
    }

    async fn send(&self, mark: Option<M>) -> Result<()> {
        let (written, done) = oneshot::channel();
        self.queue
            .send(WriteRequest { mark, written: Some(written) })
            .await
            .map_err(|_| Error::ShuttingDown)?;
        done.await.unwrap_or(Err(Error::ShuttingDown))
    }
}

async fn run<M: Mark>(
    db: Db,
    mut requests: mpsc::Receiver<WriteRequest<M>>,
    unwritten: Arc<Unwritten>,
    count: Counter,
) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while collect_batch(&mut requests, &mut batch).await {
        let mut newest = Newest::new();
        let mut waiting = Vec::new();
        let mut noted = Vec::new();
        for request in batch.drain(..) {
            match (&request.mark, request.written) {
                (_, Some(written)) => waiting.push(written),
                (Some(mark), None) => noted.push(mark.key().1),
                (None, None) => {}
            }
            request.mark.into_iter().for_each(|mark| keep_newest(&mut newest, mark));
        }
        count.inc_by(newest.len() as u64);
        let result = match newest.is_empty() {
            true => Ok(()),
            false => M::write(&db, newest.into_values().collect()).await,
        };
        subtract(&unwritten, &noted);
        if let (Err(error), true) = (&result, waiting.is_empty()) {
            error.log();
        }
        for written in waiting {
            let _gone = written.send(result.clone());
        }
    }
}

/// Uncounts marks, one for each time that a user is named.
fn subtract(unwritten: &Unwritten, users: &[UserId]) {
    let mut unwritten = lock(unwritten);
    for user_id in users {
        if let Entry::Occupied(mut marks) = unwritten.entry(user_id.clone()) {
            *marks.get_mut() -= 1;
            if *marks.get() == 0 {
                marks.remove();
            }
        }
    }
}

/// The newest mark of each user and room.
type Newest<M> = HashMap<(RoomId, UserId), M>;

/// Adds a mark to the one that is there.
fn keep_newest<M: Mark>(newest: &mut Newest<M>, mark: M) {
    match newest.entry(mark.key()) {
        Entry::Occupied(mut there) => there.get_mut().merge(mark),
        Entry::Vacant(place) => {
            place.insert(mark);
        }
    }
}

/// Collects a batch. Returns false if no more marks will come.
async fn collect_batch<M>(
    requests: &mut mpsc::Receiver<WriteRequest<M>>,
    batch: &mut Vec<WriteRequest<M>>,
) -> bool {
    let has_more = fill(requests, batch, MAX_BATCH).await;
    let has_waiter = |batch: &[WriteRequest<M>]| batch.iter().any(|request| request.written.is_some());
    fill_until(requests, batch, MAX_BATCH, Instant::now() + BATCH_DELAY, has_waiter).await;
    has_more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::timestamp::Timestamp;

    #[test]
    fn the_last_entry_and_time_of_a_user_and_room_are_kept() {
        let mut newest = Newest::new();
        for (user, room, at, seq) in [
            ("anna", "r", 2, 2),
            ("anna", "r", 1, 1),
            ("ben", "r", 1, 1),
            ("ben", "r", 1, 3),
            ("anna", "s", 1, 1),
            ("carol", "r", 1, 7),
            ("carol", "r", 2, 5),
        ] {
            let at = Timestamp::from_millis(at);
            keep_newest(
                &mut newest,
                ReadMark { room_id: room.into(), user_id: user.into(), at, seq: Some(seq) },
            );
        }
        let mut marks: Vec<_> = newest
            .into_values()
            .map(|mark| {
                (mark.user_id.to_string(), mark.room_id.to_string(), mark.at.millis(), mark.seq.unwrap())
            })
            .collect();
        marks.sort();
        let expected = [("anna", "r", 2, 2), ("anna", "s", 1, 1), ("ben", "r", 1, 3), ("carol", "r", 2, 7)];
        let owned =
            |(user, room, at, seq): (&str, &str, i64, i64)| (user.to_owned(), room.to_owned(), at, seq);
        assert_eq!(marks, expected.map(owned));
    }
}
