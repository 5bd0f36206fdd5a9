//! Collects the comparisons of rooms with the database that are due at the same time: they share statements.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::{
    batch::fill,
    chat::{Error, Result},
    db::{
        Db,
        fingerprints::{self, Fingerprints, Query},
    },
};

/// The most comparisons that may wait, and the most that are collected at once.
const QUEUE_CAPACITY: usize = 65_536;
const MAX_COLLECTED: usize = 1_024;
/// The most rooms of one statement, the most messages and users that it reads, and the most bytes of contents that it
/// hashes, beside those of its first room.
const MAX_ROOMS: usize = 64;
const MAX_ROWS: usize = 8_192;
const MAX_BYTES: usize = 16 << 20;
/// The statements that run at the same time: others need connections, too.
const CONCURRENT: usize = 2;

pub(super) struct Comparisons(mpsc::Sender<Comparison>);

struct Comparison {
    query: Query,
    /// The size of the room's messages in memory.
    bytes: usize,
    answer: oneshot::Sender<Result<Fingerprints>>,
}

impl Comparisons {
    pub(super) fn start(db: Db) -> Self {
        let (comparisons, queue) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(run(db, queue));
        Self(comparisons)
    }

    /// Reads the fingerprints of a room whose messages in memory take so many bytes.
    pub(super) async fn read(&self, db: &Db, query: Query, bytes: usize) -> Result<Fingerprints> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send(Comparison { query, bytes, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::ShuttingDown,
        })?;
        db.within_timeout(async { answered.await.unwrap_or(Err(Error::ShuttingDown)) }).await
    }
}

async fn run(db: Db, mut queue: mpsc::Receiver<Comparison>) {
    let (mut collected, turns) = (Vec::new(), Arc::new(Semaphore::new(CONCURRENT)));
    let take = || Arc::clone(&turns).acquire_owned();
    // The turn comes first: what is asked for meanwhile is collected, and shares the next statement.
    let mut next = take().await;
    while fill(&mut queue, &mut collected, MAX_COLLECTED).await {
        // A caller that has stopped waiting needs no answer.
        collected.retain(|comparison: &Comparison| !comparison.answer.is_closed());
        for part in split(std::mem::take(&mut collected)) {
            // A part that takes long keeps no other one waiting, until all turns are taken.
            let Ok(turn) = next else { return };
            let db = db.clone();
            tokio::spawn(async move {
                let _turn = turn;
                answer(part, |queries| fingerprints::read_many(&db, queries)).await;
            });
            next = take().await;
        }
    }
}

/// Splits the comparisons into parts of one statement each.
fn split(comparisons: Vec<Comparison>) -> Vec<Vec<Comparison>> {
    let mut parts: Vec<Vec<Comparison>> = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    for comparison in comparisons {
        rows += comparison.query.limit + comparison.query.users.len();
        bytes += comparison.bytes;
        match parts.last_mut() {
            Some(part) if part.len() < MAX_ROOMS && rows <= MAX_ROWS && bytes <= MAX_BYTES => {
                part.push(comparison);
            }
            _ => {
                (rows, bytes) = (comparison.query.limit + comparison.query.users.len(), comparison.bytes);
                parts.push(vec![comparison]);
            }
        }
    }
    parts
}

/// Reads a part and answers all that is in it. A part that fails is halved until the room is found that is at fault, so that
/// it fails alone.
async fn answer<F>(part: Vec<Comparison>, read: impl Fn(Vec<Query>) -> F)
where
    F: Future<Output = Result<Vec<Fingerprints>>>,
{
    let mut unavailable = None;
    let mut parts = vec![part];
    while let Some(mut part) = parts.pop() {
        part.retain(|comparison| !comparison.answer.is_closed());
        let queries: Vec<Query> = part.iter().map(|comparison| comparison.query.clone()).collect();
        // The database has become unavailable: it is not waited for once for each half.
        let found = match unavailable.clone() {
            Some(error) => Err(error),
            None if queries.is_empty() => continue,
            None => read(queries).await,
        };
        match found {
            Ok(found) => {
                for (comparison, found) in part.into_iter().zip(found) {
                    let _gone = comparison.answer.send(Ok(found));
                }
            }
            Err(error) if part.len() == 1 || matches!(error, Error::Unavailable(_) | Error::Busy) => {
                for comparison in part {
                    let _gone = comparison.answer.send(Err(error.clone()));
                }
                if matches!(error, Error::Unavailable(_)) {
                    unavailable = Some(error);
                }
            }
            Err(_) => {
                let others = part.split_off(part.len() / 2);
                parts.extend([others, part]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(limit: usize, bytes: usize) -> Comparison {
        let query = Query { room_id: "room".into(), limit, after: 0, users: Vec::new() };
        Comparison { query, bytes, answer: oneshot::channel().0 }
    }

    #[test]
    fn a_statement_is_bounded_in_rooms_rows_and_bytes() {
        let sizes = |comparisons: Vec<(usize, usize)>| -> Vec<usize> {
            let all = comparisons.into_iter().map(|(limit, bytes)| comparison(limit, bytes)).collect();
            split(all).iter().map(Vec::len).collect()
        };
        assert!(sizes(vec![]).is_empty());
        assert_eq!(sizes(vec![(1, 1); 130]), [64, 64, 2]);
        assert_eq!(sizes(vec![(MAX_ROWS / 2, 1); 5]), [2, 2, 1]);
        assert_eq!(sizes(vec![(1, MAX_BYTES / 2 + 1), (1, MAX_BYTES * 2), (1, 1), (1, 1)]), [1, 1, 2]);
    }

    /// Answers comparisons of these rooms, of which some fail with `error`. Returns which were read, and how often.
    async fn answered(rooms: &[&str], fails: &[&str], error: Error) -> (Vec<bool>, usize) {
        let (part, answers): (Vec<_>, Vec<_>) = rooms
            .iter()
            .map(|room| {
                let (answer, answered) = oneshot::channel();
                let query = Query { room_id: (*room).into(), limit: 1, after: 0, users: Vec::new() };
                (Comparison { query, bytes: 1, answer }, answered)
            })
            .unzip();
        let times = std::cell::Cell::new(0);
        let read = |queries: Vec<Query>| {
            times.set(times.get() + 1);
            let is_at_fault = queries.iter().any(|query| fails.contains(&query.room_id.as_str()));
            let found = || queries.iter().map(|_| Fingerprints::default()).collect();
            std::future::ready(if is_at_fault { Err(error.clone()) } else { Ok(found()) })
        };
        answer(part, read).await;
        let mut read = Vec::new();
        for answer in answers {
            read.push(answer.await.unwrap().is_ok());
        }
        (read, times.get())
    }

    #[tokio::test]
    async fn a_room_that_cannot_be_read_fails_alone() {
        let rooms = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let fault = Error::Internal("a row that cannot be read".to_owned());
        let (read, times) = answered(&rooms, &["c"], fault.clone()).await;
        assert_eq!(read, [true, true, false, true, true, true, true, true]);
        assert_eq!(times, 7);
        assert_eq!(answered(&rooms, &["a", "h"], fault).await.0.iter().filter(|read| **read).count(), 6);
        // A database that is away is asked once.
        let away = Error::Unavailable("away".into());
        assert_eq!(answered(&rooms, &["c"], away).await, (vec![false; 8], 1));
    }
}
