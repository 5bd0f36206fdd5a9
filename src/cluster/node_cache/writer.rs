//! The task that writes Node's keys in Redis: it flushes the buffer, rewrites lists that may be out of date, and
//! imports Node's read marks. Each pipeline and each SQL statement serves many rooms, to save round trips.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_redis::{
    Connection,
    redis::{self, RedisError, RedisResult, Value},
};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{Shared, connect, list_key, pending, read_key};
use crate::{
    chat::{
        Error,
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    cluster::listed_message::listed,
    db::{
        Db,
        read_markers::{self, ReadMark},
        tails,
    },
};
use pending::{LIST_LENGTH, Listing, Mark};

/// How long a change waits for others to share its pipeline: two exchanges with Redis cost more than a message does.
const BATCH_DELAY: Duration = Duration::from_millis(20);
/// The most rooms whose list is remembered as up to date.
const MAX_KNOWN_LISTS: usize = 100_000;
/// The time between two attempts to reach Redis.
const RETRY: Duration = Duration::from_secs(1);
/// The most lists that are rewritten together, and the most bytes of their messages.
const MAX_REWRITTEN: usize = 100;
const MAX_REWRITTEN_BYTES: usize = 4 << 20;
/// The most rooms whose marks are read together, and the most marks that are written together.
const MAX_IMPORTED_ROOMS: usize = 64;
const MAX_WRITTEN_MARKS: usize = 4_096;
/// The most foreign keys that are logged, each of them once.
const MAX_LOGGED_KEYS: usize = 1_000;

#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    #[error("{0}")]
    Connect(#[from] connect::ConnectError),
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("{0}")]
    Database(#[from] Error),
    #[error("{0}")]
    Encoding(#[from] serde_json::Error),
}

pub(super) struct CacheWriter {
    pub(super) redis: connect::Redis,
    pub(super) db: Db,
    pub(super) shared: Arc<Shared>,
    /// A connection was opened, or a pipeline failed, since Redis was last asked for its run id.
    pub(super) may_have_restarted: Arc<AtomicBool>,
    /// The run id of the Redis that was written to. After a restart it has older data, or none.
    run_id: Option<String>,
    /// Rooms whose list is known to be up to date, each with the last entry of its log that the list includes.
    lists: HashMap<RoomId, i64>,
    /// Keys that were logged as not being Node's.
    other_types: HashSet<String>,
    is_unavailable: bool,
}

impl CacheWriter {
    pub(super) fn new(
        redis: connect::Redis,
        db: Db,
        shared: Arc<Shared>,
        may_have_restarted: Arc<AtomicBool>,
    ) -> Self {
        let (run_id, lists, other_types) = (None, HashMap::new(), HashSet::new());
        Self { redis, db, shared, may_have_restarted, run_id, lists, other_types, is_unavailable: false }
    }

    /// Runs until all handles are dropped.
    pub(super) async fn run(mut self, mut wake: mpsc::Receiver<()>) {
        loop {
            let is_waiting = self.shared.pending().has_work();
            let is_running = match (self.is_unavailable, is_waiting) {
                // While Redis is away nothing is tried; only the end is noticed.
                (true, _) => timeout(RETRY, closed(&mut wake)).await.is_err(),
                (false, true) => !wake.is_closed(),
                (false, false) => wake.recv().await.is_some(),
            };
            if !is_running {
                return;
            }
            tokio::select! {
                () = sleep(BATCH_DELAY) => {}
                () = self.shared.flush_now.notified() => {}
            }
            let result = self.write_batches().await;
            self.log_outcome(result);
            let mut pending = self.shared.pending();
            if self.is_unavailable || !pending.has_work() {
                pending.flushes.drain(..).for_each(|done| {
                    let _gone: Result<(), ()> = done.send(());
                });
            }
        }
    }

    /// Logs one line when Redis becomes unavailable, and one when it is back.
    fn log_outcome(&mut self, result: Result<(), KeyError>) {
        match result {
            Ok(()) if self.is_unavailable => {
                tracing::info!("Redis is available again: Node's keys are repaired and written");
                self.is_unavailable = false;
            }
            Err(error) if !self.is_unavailable => {
                tracing::warn!(redis = self.redis.address(), %error, "Redis is unavailable: chat continues, and Node's keys are repaired when it is available again");
                self.is_unavailable = true;
            }
            _ => {}
        }
        let dropped = std::mem::take(&mut self.shared.pending().dropped);
        if dropped > 0 {
            tracing::warn!(dropped, "the buffer of read marks for Redis is full: some were dropped");
        }
    }

    /// Writes one batch of each kind of pending work.
    async fn write_batches(&mut self) -> Result<(), KeyError> {
        if !self.shared.pending().has_work() {
            return Ok(());
        }
        if std::mem::take(&mut self.shared.pending().is_lost) {
            self.lists.clear();
        }
        self.write_pipeline().await?;
        self.rewrite_lists().await?;
        self.import_reads().await
    }

    /// A connection whose Redis has been compared with the one that was written to.
    async fn connection(&mut self) -> Result<Connection, KeyError> {
        let mut connection = self.redis.connect().await?;
        if self.may_have_restarted.swap(false, Ordering::AcqRel) {
            let compared = self.compare_run(&mut connection).await;
            self.may_have_restarted.fetch_or(compared.is_err(), Ordering::AcqRel);
            compared?;
        }
        Ok(connection)
    }

    /// Forgets which lists are up to date if Redis was restarted, or may have been.
    async fn compare_run(&mut self, connection: &mut Connection) -> Result<(), KeyError> {
        let run_id = match redis::cmd("INFO").arg("server").query_async::<String>(connection).await {
            Ok(info) => info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::to_owned),
            Err(error) if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() => {
                return Err(error.into());
            }
            // Redis may refuse to say.
            Err(_) => None,
        };
        if run_id.is_none() || run_id != self.run_id {
            let mut pending = self.shared.pending();
            self.lists.drain().for_each(|(room_id, _)| pending.push_stale(&room_id));
        }
        self.run_id = run_id;
        Ok(())
    }

    /// The fast path: appends new messages to their lists and writes the read marks, in one pipeline.
    async fn write_pipeline(&mut self) -> Result<(), KeyError> {
        if !self.shared.pending().has_writes() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        let (mut messages, reads) = {
            let mut pending = self.shared.pending();
            let mut messages = pending.take_messages();
            messages.retain(|room_id, listing| match self.lists.get(room_id) {
                Some(until) => {
                    listing.skip_until(*until);
                    !listing.is_empty()
                }
                None => {
                    pending.push_stale(room_id);
                    false
                }
            });
            (messages, pending.take_reads())
        };
        if messages.is_empty() && reads.is_empty() {
            return Ok(());
        }
        let mut pipe = redis::pipe();
        pipe.ignore_errors();
        // The answers come in this order.
        let listings: Vec<(RoomId, Listing)> = messages.drain().collect();
        for (room_id, listing) in &listings {
            let key = list_key(room_id);
            // LPUSHX skips a list that was removed: it is rewritten, so that it never starts in the middle.
            pipe.cmd("LPUSHX").arg(&key).arg(listing.messages().collect::<Vec<_>>());
            pipe.cmd("LTRIM").arg(&key).arg(0).arg(LIST_LENGTH - 1);
        }
        for ((room_id, user_id), at) in &reads {
            pipe.cmd("HSET").arg(read_key(room_id)).arg(user_id.as_str()).arg(at.millis());
        }
        let written = match pipe.query_async::<Vec<RedisResult<Value>>>(&mut connection).await {
            Ok(answers) => self.note_answers(&listings, reads, answers),
            Err(error) => {
                // The state of these lists is unknown now; the others are intact, unless Redis was restarted.
                listings.iter().for_each(|(room_id, _)| self.mark_stale(room_id));
                self.shared.pending().put_back_reads(reads);
                Err(error)
            }
        };
        if written.is_err() {
            self.may_have_restarted.store(true, Ordering::Release);
        }
        Ok(written?)
    }

    /// Notes the outcome of each list and mark of a pipeline. Work that met a transient error is pending again.
    fn note_answers(
        &mut self,
        listings: &[(RoomId, Listing)],
        reads: Vec<Mark>,
        answers: Vec<RedisResult<Value>>,
    ) -> RedisResult<()> {
        let (mut answers, mut result, mut unwritten) = (answers.into_iter(), Ok(()), Vec::new());
        for (room_id, listing) in listings {
            let (pushed, trimmed) = (answers.next(), answers.next());
            match (pushed, trimmed) {
                (Some(Ok(pushed)), Some(Ok(_))) if pushed != Value::Int(0) => {
                    self.lists.insert(room_id.clone(), listing.until());
                    continue;
                }
                // No retry: the rewrite replaces the key.
                (Some(Err(error)), _) if self.is_other_type(&list_key(room_id), &error) => {}
                (Some(Err(error)), _) | (_, Some(Err(error))) => result = Err(error),
                // The list does not exist.
                _ => {}
            }
            self.mark_stale(room_id);
        }
        for (mark, answer) in reads.into_iter().zip(answers) {
            if let Err(error) = answer
                && !self.is_other_type(&read_key(&mark.0.0), &error)
            {
                unwritten.push(mark);
                result = Err(error);
            }
        }
        self.shared.pending().put_back_reads(unwritten);
        result
    }

    /// Marks a room's list for a rewrite.
    fn mark_stale(&mut self, room_id: &RoomId) {
        self.lists.remove(room_id);
        self.shared.pending().push_stale(room_id);
    }

    /// True if the key has another type, so it is another program's under one of Node's names: no retry would help.
    fn is_other_type(&mut self, key: &str, error: &RedisError) -> bool {
        let is_other = error.code() == Some("WRONGTYPE");
        if is_other && self.other_types.len() < MAX_LOGGED_KEYS && self.other_types.insert(key.to_owned()) {
            tracing::warn!(
                key,
                "a key in Redis is of another type than Node's: marks are left out, a list is replaced"
            );
        }
        is_other
    }

    /// Rewrites stale lists from the database, some at a time.
    async fn rewrite_lists(&mut self) -> Result<(), KeyError> {
        let rooms = self.shared.pending().take_stale(MAX_REWRITTEN);
        let written = if rooms.is_empty() { Ok(0) } else { self.rewrite(&rooms).await };
        let mut pending = self.shared.pending();
        let count = *written.as_ref().unwrap_or(&0);
        rooms.iter().skip(count).for_each(|room_id| pending.push_stale(room_id));
        written.map(|_| ())
    }

    /// Rewrites the lists of the first rooms, as many as may share a batch; returns how many.
    async fn rewrite(&mut self, rooms: &[RoomId]) -> Result<usize, KeyError> {
        // Until they are rewritten, these lists are not known to be up to date.
        rooms.iter().for_each(|room_id| {
            self.lists.remove(room_id);
        });
        let tails = match tails::load(&self.db, rooms, LIST_LENGTH, MAX_REWRITTEN_BYTES).await {
            Ok(tails) => tails,
            Err(error @ Error::Unavailable(_)) => return Err(error.into()),
            // A room that cannot be read must not block the other rooms' lists.
            Err(error) => match rooms {
                [_] => {
                    error.log();
                    return Ok(1);
                }
                _ => return Box::pin(self.rewrite_one_by_one(rooms)).await,
            },
        };
        let mut pipe = redis::pipe();
        pipe.atomic();
        for tail in &tails {
            let key = list_key(&tail.room_id);
            pipe.cmd("DEL").arg(&key).ignore();
            if !tail.messages.is_empty() {
                let messages: Result<Vec<String>, _> =
                    tail.messages.iter().map(|message| listed(message, None)).collect();
                pipe.cmd("RPUSH").arg(&key).arg(messages?).ignore();
            }
        }
        let mut connection = self.connection().await?;
        let () = pipe.query_async(&mut connection).await?;
        if self.lists.len() + tails.len() > MAX_KNOWN_LISTS {
            // Forgetting loses nothing: the next message of a room has its list rewritten.
            self.lists.clear();
        }
        let count = tails.len();
        self.lists.extend(tails.into_iter().filter_map(|tail| Some((tail.room_id, tail.seq?))));
        Ok(count)
    }

    async fn rewrite_one_by_one(&mut self, rooms: &[RoomId]) -> Result<usize, KeyError> {
        for room in rooms.chunks(1) {
            self.rewrite(room).await?;
        }
        Ok(rooms.len())
    }

    async fn import_reads(&mut self) -> Result<(), KeyError> {
        let rooms = self.shared.pending().take_imports(MAX_IMPORTED_ROOMS);
        if rooms.is_empty() {
            return Ok(());
        }
        let imported = self.import(&rooms).await;
        if imported.is_err() {
            let mut pending = self.shared.pending();
            rooms.iter().for_each(|room_id| pending.push_import(room_id));
        }
        imported
    }

    async fn import(&mut self, rooms: &[RoomId]) -> Result<(), KeyError> {
        let mut pipe = redis::pipe();
        pipe.ignore_errors();
        for room_id in rooms {
            pipe.cmd("HGETALL").arg(read_key(room_id));
        }
        let mut connection = self.connection().await?;
        let found: Vec<RedisResult<HashMap<Vec<u8>, Vec<u8>>>> = pipe.query_async(&mut connection).await?;
        let mut all: Vec<ReadMark> = Vec::new();
        for (room_id, marks) in rooms.iter().zip(found) {
            match marks {
                Ok(marks) => all.extend(marks_of(room_id, marks)),
                Err(error) if self.is_other_type(&read_key(room_id), &error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for marks in all.chunks(MAX_WRITTEN_MARKS) {
            match read_markers::advance(&self.db, marks.to_vec()).await {
                Err(error @ Error::Unavailable(_)) => return Err(error.into()),
                // The database would refuse these marks again, so they are not retried.
                Err(error) => error.log(),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// The longest id that can be a user's, in bytes: a longer one does not fit into an index of PostgreSQL.
const LONGEST_ID: usize = 1_024;

/// Filters the entries of Node's hash that are valid marks: any program can write into a Redis.
fn marks_of(room_id: &RoomId, marks: HashMap<Vec<u8>, Vec<u8>>) -> Vec<ReadMark> {
    let mark = |(user_id, millis)| {
        let (user_id, millis) = (String::from_utf8(user_id).ok()?, String::from_utf8(millis).ok()?);
        let at = Timestamp::from_millis(millis.parse().ok().filter(|millis| *millis >= 0)?);
        let is_id = !user_id.contains('\0') && user_id.len() <= LONGEST_ID;
        is_id.then(|| ReadMark { room_id: room_id.clone(), user_id: UserId::from(user_id), at, seq: None })
    };
    marks.into_iter().filter_map(mark).collect()
}

/// Returns when all senders are gone.
async fn closed(wake: &mut mpsc::Receiver<()>) {
    while wake.recv().await.is_some() {}
}
