//! Assembles the contents of long messages from their chunks. The chunks of a user come in any order, more than once, and by
//! any of the user's connections. They are kept in memory until the last one is there: bounded in number and in bytes, for each
//! user and in all, and in time.

mod reserved;
mod upload;

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use self::upload::Upload;
pub use self::{
    reserved::Reserved,
    upload::{Chunk, Heading, Progress, Subject},
};
use crate::{
    chat::{Error, Result, id::UserId},
    sync::lock,
};

/// The most chunks of one content.
pub const MAX_CHUNKS: u32 = 1_000;

/// The most contents that one user, and all users, may be sending.
const MAX_OF_USER: usize = 8;
const MAX_UPLOADS: usize = 4_096;
/// The most bytes of JSON that a content takes for each of its own: letters may be written as `\\u00e4`. Control characters take more.
const BYTES_OF_JSON: usize = 3;
/// The memory of all chunks, in bytes, where the settings need no more.
const MAX_BYTES: usize = 64 << 20;

/// An upload is forgotten when no new chunk has come for this long, and when it has taken this long in all.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
const LONGEST: Duration = Duration::from_secs(600);
/// As [`IDLE_TIMEOUT`], where there is no room for another upload.
const IDLE_TIMEOUT_UNDER_PRESSURE: Duration = Duration::from_secs(20);

/// A chunk, with what is sent beside it.
pub struct Part {
    pub chunk: Chunk,
    pub subject: Subject,
    pub text: String,
    /// None beside an edit, and beside all chunks but the first.
    pub heading: Option<Heading>,
}

/// The outcome of a chunk.
pub enum Received {
    /// Chunks are missing.
    Some(Progress),
    /// It was the last one: the content, and what was sent beside the first chunk.
    All { content: String, heading: Option<Heading> },
}

/// The chunks of contents that are not complete.
pub struct Chunks {
    /// The longest content, in bytes.
    max_content: usize,
    max_of_user: usize,
    max_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    users: HashMap<UserId, HashMap<String, Upload>>,
    number: usize,
    bytes: usize,
    /// The bytes of contents that come whole, [`Reserved`].
    whole: HashMap<UserId, usize>,
}

impl Chunks {
    /// `max_content`: the longest content, in bytes. `max_packet`: the largest packet, which bounds what is sent beside it.
    pub fn new(max_content: usize, max_packet: usize) -> Self {
        let two = max_content.saturating_add(max_packet).saturating_mul(2);
        let max_of_user = two.max(max_content.saturating_mul(BYTES_OF_JSON));
        let max_bytes = MAX_BYTES.max(max_of_user.saturating_mul(2));
        Self { max_content, max_of_user, max_bytes, state: Mutex::default() }
    }

    /// The most bytes that a long content adds to a body of JSON. They are [`Reserved`].
    pub fn max_json(&self) -> usize {
        self.max_content.saturating_mul(BYTES_OF_JSON)
    }

    /// Adds a chunk of a user's. A chunk that contradicts the earlier ones is [`Error::Conflict`] and changes nothing. One that
    /// there is no room for is [`Error::Busy`]. A content that becomes too long is [`Error::BadInput`], and is forgotten.
    pub fn add(&self, user_id: &UserId, part: Part, now: Instant) -> Result<Received> {
        let state = &mut *lock(&self.state);
        let id = part.chunk.id.clone();
        if state.find(user_id, &id).is_some_and(|upload| upload.is_over(now, IDLE_TIMEOUT)) {
            state.forget(user_id, &id);
        }
        let mut content = part.text.len();
        if let Some(upload) = state.find(user_id, &id) {
            if upload.has(&part)? {
                return Ok(Received::Some(upload.progress()));
            }
            content += upload.content();
        }
        if content > self.max_content {
            state.forget(user_id, &id);
            let most = self.max_content;
            return Err(Error::BadInput(format!("content is too long (at most {most} bytes in chunks)")));
        }
        if !self.has_room(state, user_id, &part) {
            state.forget_idle(now, IDLE_TIMEOUT_UNDER_PRESSURE, Some((user_id, &id)));
            if !self.has_room(state, user_id, &part) {
                return Err(Error::Busy);
            }
        }
        let progress = state.insert(user_id, part, now);
        if progress.is_complete()
            && let Some(upload) = state.forget(user_id, &id)
        {
            let (content, heading) = upload.join();
            return Ok(Received::All { content, heading });
        }
        Ok(Received::Some(progress))
    }

    fn has_room(&self, state: &State, user_id: &UserId, part: &Part) -> bool {
        let own = state.users.get(user_id);
        let is_known = own.is_some_and(|uploads| uploads.contains_key(&part.chunk.id));
        let own_number = own.map_or(0, HashMap::len);
        let own_bytes = state.bytes_of(user_id);
        let more = upload::size_of(part);
        (is_known || (own_number < MAX_OF_USER && state.number < MAX_UPLOADS))
            && own_bytes + more <= self.max_of_user
            && state.bytes + more <= self.max_bytes
    }

    /// Forgets the uploads that nobody goes on with.
    pub fn forget_abandoned(&self, now: Instant) {
        lock(&self.state).forget_idle(now, IDLE_TIMEOUT, None);
    }

    /// The memory of all chunks and of contents that come whole, in bytes.
    pub fn bytes(&self) -> usize {
        lock(&self.state).bytes
    }
}

impl State {
    fn find(&self, user_id: &UserId, id: &str) -> Option<&Upload> {
        self.users.get(user_id)?.get(id)
    }

    /// The bytes of a user.
    fn bytes_of(&self, user_id: &UserId) -> usize {
        let chunks = self.users.get(user_id).map_or(0, |uploads| uploads.values().map(Upload::bytes).sum());
        chunks + self.whole.get(user_id).copied().unwrap_or_default()
    }

    fn insert(&mut self, user_id: &UserId, part: Part, now: Instant) -> Progress {
        self.bytes += upload::size_of(&part);
        let uploads = self.users.entry(user_id.clone()).or_default();
        let upload = uploads.entry(part.chunk.id.clone()).or_insert_with(|| {
            self.number += 1;
            Upload::new(&part, now)
        });
        upload.insert(part, now);
        upload.progress()
    }

    fn forget(&mut self, user_id: &UserId, id: &str) -> Option<Upload> {
        let uploads = self.users.get_mut(user_id)?;
        let upload = uploads.remove(id)?;
        self.number -= 1;
        self.bytes -= upload.bytes();
        if uploads.is_empty() {
            self.users.remove(user_id);
        }
        Some(upload)
    }

    /// Forgets all that have been idle for longer, except one that goes on now.
    fn forget_idle(&mut self, now: Instant, timeout: Duration, except: Option<(&UserId, &str)>) {
        let mut over = Vec::new();
        for (user_id, uploads) in &self.users {
            for (id, upload) in uploads {
                if except != Some((user_id, id)) && upload.is_over(now, timeout) {
                    over.push((user_id.clone(), id.clone()));
                }
            }
        }
        for (user_id, id) in over {
            self.forget(&user_id, &id);
        }
    }
}

#[cfg(test)]
mod tests;
