//! Kinds of rooms and who may enter which.

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

/// Public rooms are open to any signed-in user; private and direct rooms to their members.
pub fn ensure_may_enter(kind: RoomType, is_member: bool) -> Result<()> {
    match kind {
        RoomType::Public => Ok(()),
        RoomType::Private | RoomType::Direct if is_member => Ok(()),
        RoomType::Private | RoomType::Direct => Err(Error::Forbidden("You are not a member of this room")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_rooms_are_open_to_all() {
        for kind in [RoomType::Public, RoomType::Private, RoomType::Direct] {
            assert!(ensure_may_enter(kind, true).is_ok());
            assert_eq!(ensure_may_enter(kind, false).is_ok(), kind == RoomType::Public);
        }
    }

    #[test]
    fn personal_channels_are_not_rooms() {
        assert!(ensure_not_personal(&"user:alice".into()).is_err());
        assert!(ensure_not_personal(&"users".into()).is_ok());
    }
}
