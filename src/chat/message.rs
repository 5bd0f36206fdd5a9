//! Kinds of messages.

use serde::{Deserialize, Serialize};

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
