//! Kinds of messages, their order in a room's history, and the memory that their metadata takes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Error, Result};
use super::{id::MessageId, timestamp::Timestamp};

/// The original's enum `MessageType`.
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
    /// Refuses `system`, which only the server may send.
    pub fn ensure_from_client(self) -> Result<()> {
        match self {
            MessageType::System => Err(Error::BadInput("type system is for the server".to_owned())),
            MessageType::Text | MessageType::Image | MessageType::File => Ok(()),
        }
    }
}

/// A position in a room's history, which is sorted by time and, within a millisecond, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub at: Timestamp,
    pub id: MessageId,
}

impl Place {
    /// The position below all messages of a millisecond: no id is less than the empty one.
    pub fn below(at: Timestamp) -> Self {
        Self { at, id: MessageId::from("") }
    }
}

/// The estimated memory of a JSON value beside its text, in bytes.
const VALUE_SIZE: usize = 72;

/// The estimated memory of a JSON value, in bytes.
pub fn size_of_json(value: &Value) -> usize {
    VALUE_SIZE
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(size_of_json).sum(),
            Value::Object(fields) => {
                fields.iter().map(|(key, item)| VALUE_SIZE + key.len() + size_of_json(item)).sum()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}
