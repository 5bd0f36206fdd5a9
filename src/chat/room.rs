//! Kinds of rooms, and the personal channels of users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::RoomId;
use super::{Error, Result};

/// The original's enum `RoomType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomType {
    Public,
    Private,
    Direct,
}

impl RoomType {
    pub fn as_str(self) -> &'static str {
        match self {
            RoomType::Public => "public",
            RoomType::Private => "private",
            RoomType::Direct => "direct",
        }
    }
}

/// The types of rooms that a client may create. Direct rooms are created by `dm:start`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CreatedType {
    #[default]
    Public,
    Private,
}

impl From<CreatedType> for RoomType {
    fn from(kind: CreatedType) -> Self {
        match kind {
            CreatedType::Public => RoomType::Public,
            CreatedType::Private => RoomType::Private,
        }
    }
}

/// The most members beside its creator that a room is created with. More can be invited afterwards.
pub const MAX_FIRST_MEMBERS: usize = 100;

/// The prefix of a personal channel: with the user id, it is the name of a Socket.IO room.
pub const PERSONAL_CHANNEL: &str = "user:";

/// The Socket.IO room that all sockets of a user are in.
pub fn personal_channel(user_id: &str) -> String {
    format!("{PERSONAL_CHANNEL}{user_id}")
}

/// The Socket.IO room that those sockets in a room are in whose clients take excerpts. No user's id has U+0000, so it is no
/// personal channel.
pub fn excerpt_channel(room_id: &str) -> String {
    format!("{PERSONAL_CHANNEL}\0{room_id}")
}

/// Refuses the name of a personal channel as a room, even to its owner.
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
