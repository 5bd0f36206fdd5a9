//! `message:edit`: replaces the content of a message of the caller's. Another user's message is answered as not found.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    actions::message_edit,
    chat::{Result, id::MessageId, limits::Limits},
    chunks::{Chunk, Subject},
    socket::{
        chunk::{self, Answer, Assembled},
        context::Context,
        request::Request,
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MessageEdit {
    message_id: MessageId,
    content: String,
    /// The content is a chunk of a long one, and this its place.
    #[serde(default)]
    #[schemars(with = "Option<Chunk>")]
    chunk: Value,
}

impl Request for MessageEdit {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("messageId", self.message_id.as_str())?;
        limits.ensure_content(&self.content)
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: MessageEdit) -> Result<Answer> {
    let MessageEdit { message_id, mut content, chunk } = request;
    if let Some(chunk) = chunk::read(&chunk, cx.session.knows_additions, &cx.app.config.limits)? {
        let subject = Subject::Edit(message_id.clone());
        match chunk::assemble(&cx, chunk, subject, (content, None)).await? {
            Assembled::Missing(chunk) => return Ok(Answer::Chunk { chunk }),
            Assembled::Whole(whole, _) => content = whole,
        }
    }
    let edited = message_edit::run(&cx.app, cx.actor(), message_id, content).await?;
    Ok(Answer::Message { message: edited.answer(cx.socket.bodies()) })
}
