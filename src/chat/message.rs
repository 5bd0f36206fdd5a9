//! Kinds of messages, their order in a room's history, and the memory that their metadata takes.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{id::MessageId, timestamp::Timestamp};

/// The type of a message: the original's enum `MessageType`, or a type that a team has added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MessageType {
    #[default]
    Text,
    Image,
    File,
    System,
    /// A type that the original does not have, as the database spells it.
    Other(Arc<str>),
}

/// The original's types.
const ORIGINAL: [MessageType; 4] =
    [MessageType::Text, MessageType::Image, MessageType::File, MessageType::System];

impl MessageType {
    /// The type of a label, which is compared with the original's without case.
    pub fn from_label(label: &str) -> Self {
        let is_label = |kind: &&MessageType| kind.as_str().eq_ignore_ascii_case(label);
        ORIGINAL.iter().find(is_label).cloned().unwrap_or_else(|| Self::Other(label.into()))
    }

    /// As [`Self::from_label`], with case.
    pub fn from_exact(label: &str) -> Self {
        let is_label = |kind: &&MessageType| kind.as_str() == label;
        ORIGINAL.iter().find(is_label).cloned().unwrap_or_else(|| Self::Other(label.into()))
    }

    pub fn as_str(&self) -> &str {
        match self {
            MessageType::Text => "text",
            MessageType::Image => "image",
            MessageType::File => "file",
            MessageType::System => "system",
            MessageType::Other(label) => label,
        }
    }
}

impl Serialize for MessageType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for MessageType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer).map(|label| Self::from_label(&label))
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
