//! Kinds of messages, and their order in a room's history.

use serde::{Deserialize, Serialize};

use super::{id::MessageId, timestamp::Timestamp};
use crate::error::{Error, Result};

/// As the original's enum `MessageType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    #[default]
    Text,
    Image,
    File,
    System,
}

impl MessageType {
    /// What a client may send: `system` is the server's own.
    pub fn ensure_from_client(self) -> Result<()> {
        match self {
            MessageType::System => Err(Error::BadInput("type system is for the server".to_owned())),
            MessageType::Text | MessageType::Image | MessageType::File => Ok(()),
        }
    }
}

/// A place in a room's history, which is sorted by time and, within a millisecond, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub at: Timestamp,
    pub id: MessageId,
}

impl Place {
    /// Below all messages of a moment: no id is less than the empty one.
    pub fn below(at: Timestamp) -> Self {
        Self { at, id: MessageId::from("") }
    }
}
