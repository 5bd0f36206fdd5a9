//! `thread:read`: the caller has read a thread up to a reply.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    actions::thread_read,
    chat::{Result, id::MessageId, limits::Limits},
    socket::{context::Context, events::thread_unread::Unread, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct ThreadRead {
    root_id: MessageId,
    /// The last reply that was read.
    message_id: MessageId,
}

impl Request for ThreadRead {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("rootId", self.root_id.as_str())?;
        limits.ensure_id("messageId", self.message_id.as_str())
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: ThreadRead) -> Result<Unread> {
    let unread = thread_read::run(&cx.app, cx.actor(), &request.root_id, &request.message_id).await?;
    Ok(Unread { unread_count: unread })
}
