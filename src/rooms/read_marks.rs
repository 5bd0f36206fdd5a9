//! Read marks: gathered while the database is busy with earlier ones, only the newest of each user and room written.

use std::collections::HashMap;

use tokio::sync::{mpsc, oneshot};

use crate::{
    chat::id::{RoomId, UserId},
    db::{
        Db,
        read_markers::{self, ReadMark},
    },
    error::{Error, Result},
};

/// Marks that may wait; one more is dropped, as a later one covers it.
const QUEUE: usize = 65_536;
/// Marks written together at the most.
const BATCH: usize = 512;

pub(super) struct ReadMarks {
    queue: mpsc::Sender<Job>,
}

struct Job {
    mark: Option<ReadMark>,
    written: Option<oneshot::Sender<Result<()>>>,
}

impl ReadMarks {
    pub(super) fn start(db: Db) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(run(db, jobs));
        Self { queue }
    }

    pub(super) fn note(&self, mark: ReadMark) {
        if self.queue.try_send(Job { mark: Some(mark), written: None }).is_err() {
            tracing::warn!("too many read marks wait: one was dropped");
        }
    }

    pub(super) async fn write(&self, mark: ReadMark) -> Result<()> {
        self.send(Some(mark)).await
    }

    pub(super) async fn flush(&self) {
        if let Err(error) = self.send(None).await {
            tracing::warn!(%error, "read marks were not written");
        }
    }

    async fn send(&self, mark: Option<ReadMark>) -> Result<()> {
        let (written, done) = oneshot::channel();
        self.queue.send(Job { mark, written: Some(written) }).await.map_err(|_| Error::ShuttingDown)?;
        done.await.unwrap_or(Err(Error::ShuttingDown))
    }
}

async fn run(db: Db, mut jobs: mpsc::Receiver<Job>) {
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        let mut newest: HashMap<(RoomId, UserId), ReadMark> = HashMap::new();
        let mut waiting = Vec::new();
        for job in batch.drain(..) {
            if let Some(mark) = job.mark {
                let key = (mark.room_id.clone(), mark.user_id.clone());
                let there = newest.entry(key).or_insert_with(|| mark.clone());
                there.at = there.at.max(mark.at);
            }
            waiting.extend(job.written);
        }
        let result = match newest.is_empty() {
            true => Ok(()),
            false => read_markers::advance(&db, newest.into_values().collect()).await,
        };
        if let (Err(error), true) = (&result, waiting.is_empty()) {
            error.log();
        }
        for written in waiting {
            let _gone = written.send(result.clone());
        }
    }
}
