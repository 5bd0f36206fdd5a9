//! A client's request: the decoded payload of an event.

use serde_json::{Map, Value};

use super::attachments::Attachments;
use crate::chat::{Result, id::RoomId, limits::Limits};

/// The payload of an event.
pub(super) trait Request: serde::de::DeserializeOwned + Send {
    /// Checks the payload against the limits, before anything else is done.
    fn check(&self, limits: &Limits) -> Result<()>;

    /// Puts binary attachments where the payload allows any JSON. Elsewhere a placeholder is an object like any other,
    /// and is refused where no object is allowed.
    fn attach(&mut self, _: Attachments) -> Result<()> {
        Ok(())
    }

    /// True for the payload of an event that may keep fields that this server does not know.
    const KEEPS_EXTRA_FIELDS: bool = false;

    /// Keeps those of these fields, which are all that the client has sent, that are not known.
    fn keep_extra_fields(&mut self, _: Map<String, Value>) -> Result<()> {
        Ok(())
    }

    /// The room that the payload names, for the log and for `room:error`.
    fn room_id(&self) -> Option<&RoomId> {
        None
    }
}

/// The payload of many events is only a room.
impl Request for RoomId {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.as_str())
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(self)
    }
}
