//! `message:readers`: lists the members of the room who have read a message.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::message_readers,
    chat::{
        Result,
        id::{MessageId, UserId},
        limits::Limits,
    },
    protocol::ReaderView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MessageReaders {
    message_id: MessageId,
    /// `after` of the page before; none: the first page.
    after: Option<UserId>,
    limit: Option<usize>,
}

impl Request for MessageReaders {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("messageId", self.message_id.as_str())?;
        self.after.iter().try_for_each(|after| limits.ensure_id("after", after.as_str()))
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Page {
    /// The readers, in the order of their ids.
    readers: Vec<ReaderView>,
    /// The value of `after` for the next page; null at the end.
    after: Option<UserId>,
}

pub(in crate::socket) async fn handle(cx: Context, request: MessageReaders) -> Result<Page> {
    let MessageReaders { message_id, after, limit } = request;
    let last = after.as_ref().map_or("", UserId::as_str);
    let page = message_readers::run(&cx.app, cx.actor(), &message_id, last, limit).await?;
    Ok(Page { readers: page.readers, after: page.last })
}
