//! The shapes that events on threads share: the thread's root in the payload, and the unread replies in the ack.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    chat::{Result, id::MessageId, limits::Limits},
    socket::request::Request,
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct ThreadNamed {
    /// The root, or any reply.
    pub(super) root_id: MessageId,
}

impl Request for ThreadNamed {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("rootId", self.root_id.as_str())
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::socket) struct Unread {
    /// Replies of others: 99 stands for 99 or more.
    pub(super) unread_count: i64,
}
