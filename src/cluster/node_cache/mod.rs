//! Maintains the original's keys in Redis for a Node server that runs beside or after us: the list
//! `chat:messages:<room>` (newest first, at most 100 messages as JSON) and the hash `chat:read:<room>` (user id =>
//! milliseconds).
//!
//! This is a write-behind cache: changes that come within a few milliseconds share one pipeline, and no client waits
//! for it. While Redis is away, the changed rooms are remembered. When it is back, their lists are rewritten from the
//! database; if it has been restarted, all lists are. None of our answers depends on a list.

mod connect;
mod pending;
mod writer;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use serde_json::value::RawValue;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::timeout,
};

use self::{connect::Redis, pending::Pending, writer::CacheWriter};
use super::listed_message::listed;
use crate::{
    chat::id::RoomId,
    db::{
        Db,
        read_markers::ReadMark,
        room_log::{Effect, Entry},
    },
};

/// The longest that a shutdown waits for the last pipeline.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// A handle on the cache; cheap to clone. Without a Redis it does nothing.
#[derive(Clone)]
pub struct NodeCache(Option<Handle>);

#[derive(Clone)]
struct Handle {
    shared: Arc<Shared>,
    /// Wakes the writer when a change is pending.
    wake: mpsc::Sender<()>,
}

/// The state that all handles share with the writer task.
#[derive(Default)]
struct Shared {
    pending: Mutex<Pending>,
    /// A caller waits for a flush.
    flush_now: Notify,
}

impl Shared {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NodeCache {
    pub fn start(url: Option<&str>, db: Db) -> Self {
        let Some(url) = url else { return Self(None) };
        let may_have_restarted = Arc::new(AtomicBool::new(true));
        let redis = match Redis::new(url, &may_have_restarted) {
            Ok(redis) => redis,
            Err(error) => {
                tracing::error!(%error, "REDIS_URL cannot be used: Node's keys are not written");
                return Self(None);
            }
        };
        let (wake, woken) = mpsc::channel(1);
        let shared = Arc::<Shared>::default();
        tokio::spawn(CacheWriter::new(redis, db, Arc::clone(&shared), may_have_restarted).run(woken));
        Self(Some(Handle { shared, wake }))
    }

    /// Notes an entry of a room's log. `told` is the entry as it was broadcast to the sockets here, if any.
    pub fn note_entry(&self, entry: &Entry, told: Option<&RawValue>) {
        if self.0.is_none() {
            return;
        }
        let room_id = &entry.room_id;
        match entry.body.effect() {
            Effect::Insert(message) => match listed(message, told) {
                Ok(json) => self.note(|pending| pending.push_message(room_id, entry.seq, json)),
                // Views are plain data, so encoding them cannot fail.
                Err(error) => {
                    tracing::error!(%error, "a message could not be encoded");
                    self.note(|pending| pending.push_stale(room_id));
                }
            },
            // An older message of the list changed, so the list must be rewritten.
            Effect::Replace(_) | Effect::Remove(_) => self.note(|pending| pending.push_stale(room_id)),
            // Node's list has no reactions.
            Effect::Change(..) | Effect::None => {}
        }
    }

    /// Notes that the room's list may lack messages, and is to be rewritten.
    pub fn note_stale(&self, room_id: &RoomId) {
        self.note(|pending| pending.push_stale(room_id));
    }

    pub fn note_read(&self, mark: &ReadMark) {
        self.note(|pending| pending.push_read(mark));
    }

    /// Imports the read marks that Node wrote into our own table.
    pub fn import_reads(&self, room_id: &RoomId) {
        self.note(|pending| pending.push_import(room_id));
    }

    /// Waits until all noted changes are written, or a short timeout passes.
    pub async fn flush(&self) {
        let Some(handle) = &self.0 else { return };
        let (done, flushed) = oneshot::channel();
        self.note(|pending| pending.flushes.push(done));
        handle.shared.flush_now.notify_one();
        if !matches!(timeout(FLUSH_TIMEOUT, flushed).await, Ok(Ok(()))) {
            tracing::warn!("the flush of Node's keys to Redis failed or timed out");
        }
    }

    fn note(&self, note: impl FnOnce(&mut Pending)) {
        if let Some(handle) = &self.0 {
            note(&mut handle.shared.pending());
            // If the channel is full, a wake-up is pending already.
            let _woken = handle.wake.try_send(());
        }
    }
}

fn list_key(room_id: &RoomId) -> String {
    format!("chat:messages:{room_id}")
}

fn read_key(room_id: &RoomId) -> String {
    format!("chat:read:{room_id}")
}

/// Checks whether a Redis answers. The error is text for people.
pub async fn ping(url: &str) -> Result<(), String> {
    Redis::new(url, &Arc::default())?.ping().await.map_err(|error| error.to_string())
}
