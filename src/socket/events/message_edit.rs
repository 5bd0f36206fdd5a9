//! `message:edit`: replaces the content of a message of the caller's. Another user's message is answered as not found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::message_edit,
    chat::{Result, id::MessageId, limits::Limits},
    protocol::{AnsweredMessage, MessageView, NumberedMessageView},
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MessageEdit {
    message_id: MessageId,
    content: String,
}

impl Request for MessageEdit {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("messageId", self.message_id.as_str())?;
        limits.ensure_content(&self.content)
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Edited {
    #[schemars(with = "NumberedMessageView<MessageView>")]
    message: AnsweredMessage,
}

pub(in crate::socket) async fn handle(cx: Context, request: MessageEdit) -> Result<Edited> {
    let edited = message_edit::run(&cx.app, cx.actor(), request.message_id, request.content).await?;
    Ok(Edited { message: edited.into() })
}
