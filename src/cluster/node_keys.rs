//! The original's keys in Redis, kept true for a Node server beside or after us: the list `chat:messages:<room>` (newest
//! first, at most 100 messages as JSON) and the hash `chat:read:<room>` (user id => milliseconds).
//!
//! Delivery: written behind, what came within a few milliseconds in one pipeline, never waited for. While Redis is away the
//! rooms that changed are remembered, and their lists are written anew from the database when it is back. No answer of ours
//! depends on the list.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use deadpool_redis::{
    Pool, PoolError, Runtime,
    redis::{self, RedisError},
};
use serde_json::value::RawValue;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::{sleep, timeout},
};

use super::listed_message::{Listing, listed};
use crate::{
    chat::{
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    db::{
        self, Db,
        read_markers::{self, ReadMark},
        room_log::{Entry, Told},
    },
};

/// Messages kept in a list, as the original trims it.
const LIST: usize = 100;
/// Notes that may wait. One more, and its room's list is written anew later instead.
const QUEUE: usize = 16_384;
/// Notes written in one pipeline at the most.
const BATCH: usize = 512;
/// How long notes wait for others to share their pipeline. Two exchanges with Redis for each message would cost more than the
/// message does.
const GATHER: Duration = Duration::from_millis(20);
/// Rooms whose list is remembered to be true, at the most.
const REMEMBERED: usize = 100_000;
/// Between two looks whether Redis is back.
const RETRY: Duration = Duration::from_secs(1);
/// The longest that shutting down waits for the last pipeline.
const FLUSH: Duration = Duration::from_secs(2);

/// A handle; cheap to clone. Without a Redis it does nothing.
#[derive(Clone)]
pub struct NodeKeys(Option<Handle>);

#[derive(Clone)]
struct Handle {
    notes: mpsc::Sender<Note>,
    /// Somebody waits for a flush.
    hurry: Arc<Notify>,
    /// Rooms whose note found the queue full.
    overflow: Arc<Mutex<HashSet<RoomId>>>,
}

enum Note {
    Message {
        room_id: RoomId,
        seq: i64,
        /// As it is listed.
        json: String,
    },
    /// Something older in the list changed.
    Rewrite(RoomId),
    Read(ReadMark),
    /// Take the read marks that Node wrote into our own.
    ImportReads(RoomId),
    Flush(oneshot::Sender<()>),
}

impl NodeKeys {
    pub fn start(url: Option<&str>, db: Db) -> Self {
        let Some(url) = url else { return Self(None) };
        let pool = match deadpool_redis::Config::from_url(url).create_pool(Some(Runtime::Tokio1)) {
            Ok(pool) => pool,
            Err(error) => {
                tracing::error!(%error, "REDIS_URL cannot be used: Node's keys are not written");
                return Self(None);
            }
        };
        let (notes, queue) = mpsc::channel(QUEUE);
        let overflow = Arc::new(Mutex::default());
        let hurry = Arc::<Notify>::default();
        let keeper = Keeper {
            pool,
            db,
            hurry: Arc::clone(&hurry),
            overflow: Arc::clone(&overflow),
            lists: HashMap::new(),
            stale: HashSet::new(),
            reads: HashMap::new(),
            imports: HashSet::new(),
            away: false,
        };
        tokio::spawn(keeper.run(queue));
        Self(Some(Handle { notes, hurry, overflow }))
    }

    /// `told` is what the sockets here were told of it, if anything.
    pub fn note_entry(&self, entry: &Entry, told: Option<&RawValue>) {
        if self.0.is_none() {
            return;
        }
        match &entry.told {
            Told::New(message) => {
                let (room_id, seq) = (entry.room_id.clone(), entry.seq);
                let note = match listed(message, told) {
                    Ok(json) => Note::Message { room_id, seq, json },
                    // Views are plain data, so this cannot be.
                    Err(error) => {
                        tracing::error!(%error, "a message could not be encoded");
                        Note::Rewrite(room_id)
                    }
                };
                self.note(&entry.room_id, note);
            }
            Told::Updated(_) | Told::Deleted(_) => {
                self.note(&entry.room_id, Note::Rewrite(entry.room_id.clone()));
            }
            Told::ReactionAdded { .. } | Told::ReactionRemoved { .. } | Told::Gone => {}
        }
    }

    pub fn note_read(&self, mark: &ReadMark) {
        self.note(&mark.room_id, Note::Read(mark.clone()));
    }

    pub fn import_reads(&self, room_id: &RoomId) {
        self.note(room_id, Note::ImportReads(room_id.clone()));
    }

    /// Waits until what was noted is written, but not long.
    pub async fn flush(&self) {
        let Some(handle) = &self.0 else { return };
        let (done, flushed) = oneshot::channel();
        let flush = async {
            let sent = handle.notes.send(Note::Flush(done)).await.is_ok();
            handle.hurry.notify_one();
            sent && flushed.await.is_ok()
        };
        if !timeout(FLUSH, flush).await.unwrap_or(false) {
            tracing::warn!("not all of Node's keys in Redis could be written");
        }
    }

    fn note(&self, room_id: &RoomId, note: Note) {
        if let Some(handle) = &self.0
            && handle.notes.try_send(note).is_err()
        {
            handle.overflow.lock().unwrap_or_else(PoisonError::into_inner).insert(room_id.clone());
        }
    }
}

fn list_key(room_id: &RoomId) -> String {
    format!("chat:messages:{room_id}")
}

fn read_key(room_id: &RoomId) -> String {
    format!("chat:read:{room_id}")
}

#[derive(Debug, thiserror::Error)]
enum KeyError {
    #[error("{0}")]
    Pool(#[from] PoolError),
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("{0}")]
    Database(#[from] crate::error::Error),
    #[error("{0}")]
    Encoding(#[from] serde_json::Error),
    #[error("no answer in time")]
    Timeout(#[from] tokio::time::error::Elapsed),
}

/// The task that owns the keys.
struct Keeper {
    pool: Pool,
    db: Db,
    hurry: Arc<Notify>,
    overflow: Arc<Mutex<HashSet<RoomId>>>,
    /// Rooms whose list is known to be true up to this entry of their log.
    lists: HashMap<RoomId, i64>,
    /// Rooms whose list must be written anew.
    stale: HashSet<RoomId>,
    /// Read marks not yet written.
    reads: HashMap<(RoomId, UserId), Timestamp>,
    imports: HashSet<RoomId>,
    away: bool,
}

impl Keeper {
    async fn run(mut self, mut queue: mpsc::Receiver<Note>) {
        let mut notes = Vec::new();
        loop {
            let received = match self.is_behind() {
                true => timeout(RETRY, queue.recv_many(&mut notes, BATCH)).await.ok(),
                false => Some(queue.recv_many(&mut notes, BATCH).await),
            };
            if received == Some(0) {
                return;
            }
            self.gather(&mut queue, &mut notes).await;
            let mut flushed = Vec::new();
            let result = self.write(std::mem::take(&mut notes), &mut flushed).await;
            self.log_turn(result);
            for done in flushed {
                let _gone: Result<(), ()> = done.send(());
            }
        }
    }

    /// Waits a moment for others, and takes those that have come by then.
    async fn gather(&self, queue: &mut mpsc::Receiver<Note>, notes: &mut Vec<Note>) {
        if notes.len() < BATCH {
            tokio::select! {
                () = sleep(GATHER) => {}
                () = self.hurry.notified() => {}
            }
        }
        while notes.len() < BATCH
            && let Ok(note) = queue.try_recv()
        {
            notes.push(note);
        }
    }

    fn is_behind(&self) -> bool {
        !(self.stale.is_empty() && self.reads.is_empty() && self.imports.is_empty())
    }

    /// One line when Redis goes, one when it is back.
    fn log_turn(&mut self, result: Result<(), KeyError>) {
        match result {
            Ok(()) if self.away => {
                tracing::info!("Redis is back: Node's keys are true again");
                self.away = false;
            }
            Err(error) if !self.away => {
                tracing::warn!(%error, "Redis cannot be kept true: chat goes on, Node's keys are repaired when it is back");
                self.away = true;
            }
            _ => {}
        }
    }

    async fn write(
        &mut self,
        notes: Vec<Note>,
        flushed: &mut Vec<oneshot::Sender<()>>,
    ) -> Result<(), KeyError> {
        let overflow = std::mem::take(&mut *self.overflow.lock().unwrap_or_else(PoisonError::into_inner));
        self.stale.extend(overflow);
        let mut messages: HashMap<RoomId, Listing> = HashMap::new();
        for note in notes {
            match note {
                Note::Message { room_id, seq, json } => match self.lists.get(&room_id) {
                    Some(until) if seq <= *until => {}
                    Some(_) => messages.entry(room_id).or_default().push(seq, json),
                    None => {
                        self.stale.insert(room_id);
                    }
                },
                Note::Rewrite(room_id) => {
                    self.stale.insert(room_id);
                }
                Note::Read(mark) => {
                    let at = self.reads.entry((mark.room_id, mark.user_id)).or_insert(mark.at);
                    *at = mark.at.max(*at);
                }
                Note::ImportReads(room_id) => {
                    self.imports.insert(room_id);
                }
                Note::Flush(done) => flushed.push(done),
            }
        }
        messages.retain(|room_id, _| !self.stale.contains(room_id));
        let result = self.write_pipeline(&messages).await;
        if result.is_err() {
            // Whatever Redis holds now, it is not known to be true.
            self.stale.extend(self.lists.drain().map(|(room_id, _)| room_id));
        }
        result?;
        self.rewrite_lists().await?;
        self.import_reads().await
    }

    async fn connection(&self) -> Result<deadpool_redis::Connection, KeyError> {
        Ok(timeout(RETRY, self.pool.get()).await??)
    }

    /// The usual way: new messages onto their lists, and the read marks.
    async fn write_pipeline(&mut self, messages: &HashMap<RoomId, Listing>) -> Result<(), KeyError> {
        if messages.is_empty() && self.reads.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        let mut pipe = redis::pipe();
        for (room_id, listing) in messages {
            let key = list_key(room_id);
            // Only onto a list that is there: a list that somebody removed is written anew, never begun in its middle.
            pipe.cmd("LPUSHX").arg(&key).arg(&listing.messages);
            pipe.cmd("LTRIM").arg(&key).arg(0).arg(LIST - 1).ignore();
        }
        for ((room_id, user_id), at) in &self.reads {
            pipe.cmd("HSET").arg(read_key(room_id)).arg(user_id.as_str()).arg(at.millis()).ignore();
        }
        let lengths: Vec<i64> = pipe.query_async(&mut connection).await?;
        self.reads.clear();
        for ((room_id, listing), length) in messages.iter().zip(lengths) {
            if length == 0 {
                self.lists.remove(room_id);
                self.stale.insert(room_id.clone());
            } else if let Some(until) = self.lists.get_mut(room_id) {
                *until = listing.until.max(*until);
            }
        }
        Ok(())
    }

    /// Writes stale lists anew from the database.
    async fn rewrite_lists(&mut self) -> Result<(), KeyError> {
        let rooms: Vec<RoomId> = self.stale.iter().cloned().collect();
        for room_id in rooms {
            let tail = db::messages::load_tail(&self.db, &room_id, LIST).await?;
            let key = list_key(&room_id);
            let mut pipe = redis::pipe();
            pipe.atomic().cmd("DEL").arg(&key).ignore();
            for message in tail.messages.iter().take(LIST) {
                pipe.cmd("RPUSH").arg(&key).arg(listed(message, None)?).ignore();
            }
            let mut connection = self.connection().await?;
            let () = pipe.query_async(&mut connection).await?;
            self.stale.remove(&room_id);
            if self.lists.len() >= REMEMBERED {
                // Nothing is lost by forgetting: the next message has its list written anew.
                self.lists.clear();
            }
            self.lists.insert(room_id, tail.seq);
        }
        Ok(())
    }

    async fn import_reads(&mut self) -> Result<(), KeyError> {
        let rooms: Vec<RoomId> = self.imports.iter().cloned().collect();
        for room_id in rooms {
            let mut connection = self.connection().await?;
            let marks: HashMap<String, String> =
                redis::cmd("HGETALL").arg(read_key(&room_id)).query_async(&mut connection).await?;
            let known = match marks.is_empty() {
                true => Vec::new(),
                false => read_markers::list_of_room(&self.db, &room_id, i64::MAX).await?,
            };
            let known: HashMap<UserId, Timestamp> = known.into_iter().collect();
            let marks: Vec<ReadMark> = marks
                .into_iter()
                .filter_map(|(user_id, millis)| {
                    let (user_id, at) = (UserId::from(user_id), Timestamp::from_millis(millis.parse().ok()?));
                    let is_news = known.get(&user_id).is_none_or(|known| *known < at);
                    is_news.then(|| ReadMark { room_id: room_id.clone(), user_id, at, seq: None })
                })
                .collect();
            if !marks.is_empty() {
                read_markers::advance(&self.db, marks).await?;
            }
            self.imports.remove(&room_id);
        }
        Ok(())
    }
}

/// Whether a Redis answers. An error is for people.
pub async fn ping(url: &str) -> Result<(), String> {
    let pool = deadpool_redis::Config::from_url(url)
        .create_pool(Some(Runtime::Tokio1))
        .map_err(|error| error.to_string())?;
    let ask = async {
        let mut connection = timeout(RETRY, pool.get()).await??;
        let () = redis::cmd("PING").query_async(&mut connection).await?;
        Ok::<_, KeyError>(())
    };
    ask.await.map_err(|error| error.to_string())
}
