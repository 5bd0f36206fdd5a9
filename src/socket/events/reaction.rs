//! The payload of `reaction:add` and `reaction:remove`. The room is the message's, whatever the client says.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    chat::{Result, id::MessageId, limits::Limits},
    socket::request::Request,
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct Reaction {
    pub(super) message_id: MessageId,
    pub(super) emoji: Arc<str>,
}

impl Request for Reaction {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("messageId", self.message_id.as_str())?;
        limits.ensure_emoji(&self.emoji)
    }
}
