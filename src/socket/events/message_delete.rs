//! `message:delete`: deletes a message of the caller's, with its reactions. The room is the message's, whatever the
//! client says.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    actions::message_delete,
    chat::{Result, id::MessageId, limits::Limits},
    protocol::Nothing,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MessageDelete {
    message_id: MessageId,
}

impl Request for MessageDelete {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("messageId", self.message_id.as_str())
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: MessageDelete) -> Result<Nothing> {
    message_delete::run(&cx.app, cx.actor(), request.message_id).await?;
    Ok(Nothing {})
}
