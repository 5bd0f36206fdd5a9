//! Kinds of rooms, and the channels of users beside them.

use serde::Serialize;

use super::id::RoomId;
use crate::error::{Error, Result};

/// As the original's enum `RoomType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomType {
    Public,
    Private,
    Direct,
}

/// Each user's own channel has this prefix and the user id as its Socket.IO room name.
const PERSONAL_CHANNEL: &str = "user:";

/// The Socket.IO room in which all sockets of a user are.
pub fn personal_channel(user_id: &str) -> String {
    format!("{PERSONAL_CHANNEL}{user_id}")
}

/// A personal channel is nobody's to name as a room, not even its owner's.
pub fn ensure_not_personal(room_id: &RoomId) -> Result<()> {
    if room_id.as_str().starts_with(PERSONAL_CHANNEL) {
        return Err(Error::Forbidden("This is not a room"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_channels_are_not_rooms() {
        assert!(ensure_not_personal(&"user:alice".into()).is_err());
        assert!(ensure_not_personal(&"users".into()).is_ok());
    }
}
