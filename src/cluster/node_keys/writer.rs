//! The task that writes Node's keys in Redis: it flushes the buffer, rewrites lists that are not known to be true, and imports
//! Node's read marks. A pipeline to Redis and a statement to the database each serve many rooms: few round trips for any number.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_redis::{
    Connection, Pool, PoolError,
    redis::{self, RedisError, RedisResult, Value},
};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{
    Waiting, list_key,
    pending::{LIST, Listing, Mark},
    read_key,
};
use crate::{
    chat::{
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    cluster::listed_message::listed,
    db::{
        Db,
        read_markers::{self, ReadMark},
        tails,
    },
    error::Error,
};

/// How long notes wait for others to share their pipeline: two exchanges with Redis cost more than a message does.
const GATHER: Duration = Duration::from_millis(20);
/// Rooms whose list is remembered to be true, at the most.
const REMEMBERED: usize = 100_000;
/// Between two looks whether Redis is back.
pub(super) const RETRY: Duration = Duration::from_secs(1);
/// Lists written anew together at the most, and the bytes of their messages.
const REWRITTEN: usize = 100;
const REWRITTEN_BYTES: usize = 4 << 20;
/// Rooms whose marks are read together, and marks written together, at the most.
const IMPORTED: usize = 64;
const MARKS: usize = 4_096;
/// Keys that are not Node's and are logged, each once, at the most.
const LOGGED: usize = 1_000;

#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    /// Why no connection could be made; the pool's own text says that one could not.
    #[error("{}", match .0 { PoolError::Backend(cause) => cause.to_string(), error => error.to_string() })]
    Pool(#[from] PoolError),
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("{0}")]
    Database(#[from] Error),
    #[error("{0}")]
    Encoding(#[from] serde_json::Error),
    #[error("no answer in time")]
    Timeout(#[from] tokio::time::error::Elapsed),
}

pub(super) struct CacheWriter {
    pub(super) pool: Pool,
    pub(super) db: Db,
    pub(super) waiting: Arc<Waiting>,
    /// A connection was made, or a pipeline failed, since Redis was asked which run of it answers.
    pub(super) may_be_another: Arc<AtomicBool>,
    /// The run of Redis that was written to. Another has what was saved before it, or nothing.
    run_id: Option<String>,
    /// Rooms whose list is known to be true up to this entry of their log.
    lists: HashMap<RoomId, i64>,
    /// Keys of which it was logged that they are not Node's.
    other_types: HashSet<String>,
    is_away: bool,
}

impl CacheWriter {
    pub(super) fn new(pool: Pool, db: Db, waiting: Arc<Waiting>, may_be_another: Arc<AtomicBool>) -> Self {
        let (run_id, lists, other_types) = (None, HashMap::new(), HashSet::new());
        Self { pool, db, waiting, may_be_another, run_id, lists, other_types, is_away: false }
    }

    /// Runs until nobody can note anything any more.
    pub(super) async fn run(mut self, mut wake: mpsc::Receiver<()>) {
        loop {
            let is_waiting = self.waiting.pending().has_work();
            let goes_on = match (self.is_away, is_waiting) {
                // Meanwhile nothing is tried; only the end is noticed.
                (true, _) => timeout(RETRY, ended(&mut wake)).await.is_err(),
                (false, true) => !wake.is_closed(),
                (false, false) => wake.recv().await.is_some(),
            };
            if !goes_on {
                return;
            }
            tokio::select! {
                () = sleep(GATHER) => {}
                () = self.waiting.hurry.notified() => {}
            }
            let result = self.turn().await;
            self.log_turn(result);
            let mut pending = self.waiting.pending();
            if self.is_away || !pending.has_work() {
                pending.flushes.drain(..).for_each(|done| {
                    let _gone: Result<(), ()> = done.send(());
                });
            }
        }
    }

    /// One line when Redis goes, one when it is back.
    fn log_turn(&mut self, result: Result<(), KeyError>) {
        match result {
            Ok(()) if self.is_away => {
                tracing::info!("Redis is back: Node's keys are written again");
                self.is_away = false;
            }
            Err(error) if !self.is_away => {
                tracing::warn!(%error, "Redis cannot be kept true: chat goes on, Node's keys are repaired when it is back");
                self.is_away = true;
            }
            _ => {}
        }
        let dropped = std::mem::take(&mut self.waiting.pending().dropped);
        if dropped > 0 {
            tracing::warn!(dropped, "too many read marks wait for Redis: some are not written there");
        }
    }

    /// Some of everything that waits.
    async fn turn(&mut self) -> Result<(), KeyError> {
        if !self.waiting.pending().has_work() {
            return Ok(());
        }
        if std::mem::take(&mut self.waiting.pending().is_lost) {
            self.lists.clear();
        }
        self.write_pipeline().await?;
        self.rewrite_lists().await?;
        self.import_reads().await
    }

    /// A connection to a Redis of which it is known whether it is the one that was written to.
    async fn connection(&mut self) -> Result<Connection, KeyError> {
        let mut connection = timeout(RETRY, self.pool.get()).await??;
        if self.may_be_another.swap(false, Ordering::AcqRel) {
            let compared = self.compare_run(&mut connection).await;
            self.may_be_another.fetch_or(compared.is_err(), Ordering::AcqRel);
            compared?;
        }
        Ok(connection)
    }

    /// Forgets which lists are true if Redis was started anew, or may have been.
    async fn compare_run(&mut self, connection: &mut Connection) -> Result<(), KeyError> {
        let run_id = match redis::cmd("INFO").arg("server").query_async::<String>(connection).await {
            Ok(info) => info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::to_owned),
            Err(error) if error.is_io_error() || error.is_connection_dropped() || error.is_timeout() => {
                return Err(error.into());
            }
            // It does not tell everybody.
            Err(_) => None,
        };
        if run_id.is_none() || run_id != self.run_id {
            let mut pending = self.waiting.pending();
            self.lists.drain().for_each(|(room_id, _)| pending.push_stale(&room_id));
        }
        self.run_id = run_id;
        Ok(())
    }

    /// The usual way: new messages onto their lists, and the read marks.
    async fn write_pipeline(&mut self) -> Result<(), KeyError> {
        if !self.waiting.pending().has_writes() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        let (mut messages, reads) = {
            let mut pending = self.waiting.pending();
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
            // Only onto a list that is there: a list that somebody removed is written anew, never begun in its middle.
            pipe.cmd("LPUSHX").arg(&key).arg(listing.messages().collect::<Vec<_>>());
            pipe.cmd("LTRIM").arg(&key).arg(0).arg(LIST - 1);
        }
        for ((room_id, user_id), at) in &reads {
            pipe.cmd("HSET").arg(read_key(room_id)).arg(user_id.as_str()).arg(at.millis());
        }
        let written = match pipe.query_async::<Vec<RedisResult<Value>>>(&mut connection).await {
            Ok(answers) => self.note_answers(&listings, reads, answers),
            Err(error) => {
                // Of these lists nobody knows what they hold now; the others are as they were, if Redis is.
                listings.iter().for_each(|(room_id, _)| self.distrust(room_id));
                self.waiting.pending().put_back_reads(reads);
                Err(error)
            }
        };
        if written.is_err() {
            self.may_be_another.store(true, Ordering::Release);
        }
        Ok(written?)
    }

    /// What became of each list and mark of a pipeline. An error that may pass is returned, and what it is about waits again.
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
                // It will be written in the place of what is there.
                (Some(Err(error)), _) if self.is_other_type(&list_key(room_id), &error) => {}
                (Some(Err(error)), _) | (_, Some(Err(error))) => result = Err(error),
                // It is not there.
                _ => {}
            }
            self.distrust(room_id);
        }
        for (mark, answer) in reads.into_iter().zip(answers) {
            if let Err(error) = answer
                && !self.is_other_type(&read_key(&mark.0.0), &error)
            {
                unwritten.push(mark);
                result = Err(error);
            }
        }
        self.waiting.pending().put_back_reads(unwritten);
        result
    }

    /// A room's list is to be written anew.
    fn distrust(&mut self, room_id: &RoomId) {
        self.lists.remove(room_id);
        self.waiting.pending().push_stale(room_id);
    }

    /// The key is another program's, which has given it the name of one of Node's: to try again would not help.
    fn is_other_type(&mut self, key: &str, error: &RedisError) -> bool {
        let is_other = error.code() == Some("WRONGTYPE");
        if is_other && self.other_types.len() < LOGGED && self.other_types.insert(key.to_owned()) {
            tracing::warn!(
                key,
                "a key in Redis is of another type than Node's: marks are left out, a list is replaced"
            );
        }
        is_other
    }

    /// Writes stale lists anew from the database, some at a time.
    async fn rewrite_lists(&mut self) -> Result<(), KeyError> {
        let rooms = self.waiting.pending().take_stale(REWRITTEN);
        let written = if rooms.is_empty() { Ok(0) } else { self.rewrite(&rooms).await };
        let mut pending = self.waiting.pending();
        let count = *written.as_ref().unwrap_or(&0);
        rooms.iter().skip(count).for_each(|room_id| pending.push_stale(room_id));
        written.map(|_| ())
    }

    /// Returns how many of the rooms were written: those whose messages are not too large together.
    async fn rewrite(&mut self, rooms: &[RoomId]) -> Result<usize, KeyError> {
        // Until they are written they are not known to be true.
        rooms.iter().for_each(|room_id| {
            self.lists.remove(room_id);
        });
        let tails = match tails::load(&self.db, rooms, LIST, REWRITTEN_BYTES).await {
            Ok(tails) => tails,
            Err(error @ Error::Unavailable(_)) => return Err(error.into()),
            // A room that cannot be read keeps no other's list from being written.
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
        if self.lists.len() + tails.len() > REMEMBERED {
            // Nothing is lost by forgetting: the next message has its list written anew.
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
        let rooms = self.waiting.pending().take_imports(IMPORTED);
        if rooms.is_empty() {
            return Ok(());
        }
        let imported = self.import(&rooms).await;
        if imported.is_err() {
            let mut pending = self.waiting.pending();
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
        for marks in all.chunks(MARKS) {
            match read_markers::advance(&self.db, marks.to_vec()).await {
                Err(error @ Error::Unavailable(_)) => return Err(error.into()),
                // What the database refuses once it refuses again.
                Err(error) => error.log(),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// Longer ids do not fit into an index of PostgreSQL, and are nobody's.
const LONGEST_ID: usize = 1_024;

/// The marks of Node's that can be marks: anybody may write into a Redis.
fn marks_of(room_id: &RoomId, marks: HashMap<Vec<u8>, Vec<u8>>) -> Vec<ReadMark> {
    let mark = |(user_id, millis): (Vec<u8>, Vec<u8>)| {
        let (user_id, millis) = (String::from_utf8(user_id).ok()?, String::from_utf8(millis).ok()?);
        let at = Timestamp::from_millis(millis.parse().ok().filter(|millis| *millis >= 0)?);
        let is_id = !user_id.contains('\0') && user_id.len() <= LONGEST_ID;
        is_id.then(|| ReadMark { room_id: room_id.clone(), user_id: UserId::from(user_id), at, seq: None })
    };
    marks.into_iter().filter_map(mark).collect()
}

/// Returns when nobody can wake it any more.
async fn ended(wake: &mut mpsc::Receiver<()>) {
    while wake.recv().await.is_some() {}
}
