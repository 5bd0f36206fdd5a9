//! What `reaction:add` and `reaction:remove` ask. The room is the message's, whatever the client says.

use std::sync::Arc;

use serde::Deserialize;

use super::context::Ask;
use crate::{
    chat::{id::MessageId, limits::Limits},
    error::Result,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct Reaction {
    pub(super) message_id: MessageId,
    pub(super) emoji: Arc<str>,
}

impl Ask for Reaction {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("messageId", self.message_id.as_str())?;
        limits.ensure_emoji(&self.emoji)
    }
}
