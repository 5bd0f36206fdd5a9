//! Collects the comparisons of rooms with the database that are due at the same time: they share statements.

use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, oneshot};

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
const CONCURRENT: usize = 4;

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
    let mut collected = Vec::new();
    while fill(&mut queue, &mut collected, MAX_COLLECTED).await {
        // A caller that has stopped waiting needs no answer.
        collected.retain(|comparison: &Comparison| !comparison.answer.is_closed());
        let parts = split(std::mem::take(&mut collected));
        stream::iter(parts).for_each_concurrent(CONCURRENT, |part| answer(&db, part)).await;
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

async fn answer(db: &Db, part: Vec<Comparison>) {
    let (queries, answers): (Vec<_>, Vec<_>) =
        part.into_iter().map(|comparison| (comparison.query, comparison.answer)).unzip();
    match fingerprints::read_many(db, queries).await {
        Ok(found) => {
            for (answer, found) in answers.into_iter().zip(found) {
                let _gone = answer.send(Ok(found));
            }
        }
        Err(error) => {
            for answer in answers {
                let _gone = answer.send(Err(error.clone()));
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
}
