//! A request of a client: the payload of an event, decoded.

use super::attachments::Attachments;
use crate::{
    chat::{id::RoomId, limits::Limits},
    error::Result,
};

/// The payload of an event.
pub(super) trait Request: serde::de::DeserializeOwned + Send {
    /// Checks it against the limits, before anything else is done.
    fn check(&self, limits: &Limits) -> Result<()>;

    /// Puts binary data where it takes any JSON. Elsewhere a placeholder is an object, and refused where none belongs.
    fn attach(&mut self, _: Attachments) -> Result<()> {
        Ok(())
    }

    /// The room that it names, for the log and for `room:error`.
    fn room_id(&self) -> Option<&RoomId> {
        None
    }
}

/// The payload of many events is just a room.
impl Request for RoomId {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.as_str())
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(self)
    }
}
