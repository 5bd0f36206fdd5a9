//! The chunks of one content, as far as they have come.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LONGEST, MAX_CHUNKS, Part};
use crate::chat::{
    Error, Result,
    id::{MessageId, RoomId},
    message::{MessageType, size_of_json},
};

/// The estimated memory of a chunk beside its text, with its share of its upload, in bytes.
const CHUNK_SIZE: usize = 256;
/// The most missing chunks that are named at once.
const MAX_NAMED: usize = 100;

/// The place of a chunk in its content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(expecting = "an object")]
pub struct Chunk {
    /// The same for all chunks of a content, and another one for each content of a user's.
    pub id: String,
    /// From 0 on.
    pub index: u32,
    /// The number of chunks.
    pub count: u32,
}

impl Chunk {
    /// There are at most [`MAX_CHUNKS`], and the index is below their number.
    pub fn ensure_possible(&self) -> Result<()> {
        if !(1..=MAX_CHUNKS).contains(&self.count) {
            return Err(Error::BadInput(format!("chunk.count: a whole number from 1 to {MAX_CHUNKS}")));
        }
        if self.index >= self.count {
            return Err(Error::BadInput("chunk.index: a whole number from 0 to count - 1".to_owned()));
        }
        Ok(())
    }
}

/// The message that a content is for. All chunks name the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    New {
        room_id: RoomId,
        /// The idempotency key.
        client_id: Option<String>,
    },
    Edit(MessageId),
}

/// The fields beside the first chunk of a new message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heading {
    pub kind: MessageType,
    pub metadata: Value,
    pub reply_to: Option<String>,
    /// The thread that the message is a reply in.
    pub thread_id: Option<MessageId>,
    pub also_to_room: bool,
}

/// The chunks of a content that have come: the answer to one of them.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[schemars(rename = "ChunkProgress")]
pub struct Progress {
    pub id: String,
    pub count: u32,
    /// The number of different chunks that have come.
    pub received: u32,
    /// The first of the others, at most 100.
    pub missing: Vec<u32>,
}

impl Progress {
    pub(super) fn is_complete(&self) -> bool {
        self.received == self.count
    }
}

/// The estimated memory that a chunk adds, in bytes.
pub(super) fn size_of(part: &Part) -> usize {
    let heading = |heading: &Heading| {
        let thread_id = heading.thread_id.as_ref().map_or(0, |id| id.as_str().len());
        size_of_json(&heading.metadata) + heading.reply_to.as_ref().map_or(0, String::len) + thread_id
    };
    CHUNK_SIZE + part.text.len() + part.heading.as_ref().map_or(0, heading)
}

pub(super) struct Upload {
    id: String,
    subject: Subject,
    count: u32,
    texts: BTreeMap<u32, String>,
    heading: Option<Heading>,
    /// The length of the texts, in bytes.
    content: usize,
    bytes: usize,
    begun: Instant,
    last: Instant,
}

impl Upload {
    /// An upload without a chunk yet.
    pub(super) fn new(part: &Part, now: Instant) -> Self {
        Self {
            id: part.chunk.id.clone(),
            subject: part.subject.clone(),
            count: part.chunk.count,
            texts: BTreeMap::new(),
            heading: None,
            content: 0,
            bytes: 0,
            begun: now,
            last: now,
        }
    }

    /// True if the chunk has come before. [`Error::Conflict`] if it contradicts what has come.
    pub(super) fn has(&self, part: &Part) -> Result<bool> {
        if part.chunk.count != self.count {
            return Err(Error::Conflict("An earlier chunk with this id has another count"));
        }
        if part.subject != self.subject {
            return Err(Error::Conflict("An earlier chunk with this id is for another message"));
        }
        match self.texts.get(&part.chunk.index) {
            None => Ok(false),
            Some(text) if *text != part.text => {
                Err(Error::Conflict("The chunk with this index has come with another content"))
            }
            Some(_) if part.chunk.index == 0 && part.heading != self.heading => {
                Err(Error::Conflict("The first chunk has come with other fields beside it"))
            }
            Some(_) => Ok(true),
        }
    }

    /// Inserts a chunk that has not come before.
    pub(super) fn insert(&mut self, part: Part, now: Instant) {
        self.last = now;
        self.bytes += size_of(&part);
        self.content += part.text.len();
        if part.heading.is_some() {
            self.heading = part.heading;
        }
        self.texts.insert(part.chunk.index, part.text);
    }

    pub(super) fn progress(&self) -> Progress {
        let received = u32::try_from(self.texts.len()).unwrap_or(self.count);
        let missing = (0..self.count).filter(|index| !self.texts.contains_key(index));
        Progress {
            id: self.id.clone(),
            count: self.count,
            received,
            missing: missing.take(MAX_NAMED).collect(),
        }
    }

    /// True if no new chunk has come for this long, or if it takes too long in all.
    pub(super) fn is_over(&self, now: Instant, timeout: Duration) -> bool {
        now.saturating_duration_since(self.last) >= timeout
            || now.saturating_duration_since(self.begun) >= LONGEST
    }

    /// The length of the texts, in bytes.
    pub(super) fn content(&self) -> usize {
        self.content
    }

    /// The estimated memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The content, in order, and what was sent beside the first chunk.
    pub(super) fn join(self) -> (String, Option<Heading>) {
        let mut content = String::with_capacity(self.content);
        self.texts.values().for_each(|text| content.push_str(text));
        (content, self.heading)
    }
}
