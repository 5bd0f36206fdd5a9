//! The task that writes Node's keys in Redis: it flushes the buffer, rewrites lists that are not known to be true, and
//! imports Node's read marks. A pipeline to Redis and a statement to the database each serve many rooms, so that
//! round trips do not grow with their number.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_redis::{
    Connection, Pool, PoolError,
    redis::{self, RedisError},
};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{
    Waiting, list_key,
    pending::{LIST, Listing},
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

/// How long notes wait for others to share their pipeline. Two exchanges with Redis for each message would cost more
/// than the message does.
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

#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    #[error("{0}")]
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
    is_away: bool,
}

impl CacheWriter {
    pub(super) fn new(pool: Pool, db: Db, waiting: Arc<Waiting>, may_be_another: Arc<AtomicBool>) -> Self {
        let (run_id, lists) = (None, HashMap::new());
        Self { pool, db, waiting, may_be_another, run_id, lists, is_away: false }
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
        // The answers come in this order.
        let listings: Vec<(RoomId, Listing)> = messages.drain().collect();
        for (room_id, listing) in &listings {
            let key = list_key(room_id);
            // Only onto a list that is there: a list that somebody removed is written anew, never begun in its middle.
            pipe.cmd("LPUSHX").arg(&key).arg(listing.messages().collect::<Vec<_>>());
            pipe.cmd("LTRIM").arg(&key).arg(0).arg(LIST - 1).ignore();
        }
        for ((room_id, user_id), at) in &reads {
            pipe.cmd("HSET").arg(read_key(room_id)).arg(user_id.as_str()).arg(at.millis()).ignore();
        }
        let lengths: Result<Vec<i64>, RedisError> = pipe.query_async(&mut connection).await;
        let mut pending = self.waiting.pending();
        match lengths {
            Ok(lengths) => {
                for ((room_id, listing), length) in listings.iter().zip(lengths) {
                    if length == 0 {
                        self.lists.remove(room_id);
                        pending.push_stale(room_id);
                    } else {
                        self.lists.insert(room_id.clone(), listing.until());
                    }
                }
                Ok(())
            }
            Err(error) => {
                // Of these lists nobody knows what they hold now; the others are as they were, if Redis is.
                self.may_be_another.store(true, Ordering::Release);
                for (room_id, _) in &listings {
                    self.lists.remove(room_id);
                    pending.push_stale(room_id);
                }
                if is_other_type(&error) {
                    return Ok(());
                }
                pending.put_back_reads(reads);
                Err(error.into())
            }
        }
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
        for room_id in rooms {
            pipe.cmd("HGETALL").arg(read_key(room_id));
        }
        let mut connection = self.connection().await?;
        let found: Vec<HashMap<Vec<u8>, Vec<u8>>> = match pipe.query_async(&mut connection).await {
            Err(error) if is_other_type(&error) => return Ok(()),
            found => found?,
        };
        let all: Vec<ReadMark> =
            rooms.iter().zip(found).flat_map(|(room_id, marks)| marks_of(room_id, marks)).collect();
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

/// A key of another program's has the name of one of Node's. To try again would keep everything else waiting.
fn is_other_type(error: &RedisError) -> bool {
    let errors = error.clone().into_server_errors();
    let is_other = errors.is_some_and(|errors| errors.iter().all(|(_, error)| error.code() == "WRONGTYPE"));
    if is_other {
        tracing::warn!(%error, "a key in Redis is not one of Node's: read marks are left out");
    }
    is_other
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
