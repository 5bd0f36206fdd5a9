//! `messages:show`: returns messages by their ids, such as those that others answer and that are older than what a client has
//! loaded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::messages_show,
    chat::{Result, id::MessageId, limits::Limits},
    protocol::{MessageView, QuoteView},
    socket::{context::Context, request::Request},
};

/// The most messages that are shown at once.
const MAX_MESSAGES: usize = 50;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MessagesShow {
    message_ids: Vec<MessageId>,
    /// Only as others quote them: the author and an excerpt.
    as_quotes: Option<bool>,
}

impl Request for MessagesShow {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_ids("messageIds", MAX_MESSAGES, self.message_ids.iter().map(MessageId::as_str))
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Shown {
    /// The messages that exist in rooms that the caller may enter, oldest first. Empty if they are shown as quotes.
    messages: Vec<MessageView>,
    /// Each message, in the order of the request, if they are shown as quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    quotes: Option<Vec<QuoteView>>,
}

pub(in crate::socket) async fn handle(cx: Context, request: MessagesShow) -> Result<Shown> {
    if request.as_quotes == Some(true) {
        let quotes = messages_show::quotes(&cx.app, cx.actor(), &request.message_ids).await?;
        return Ok(Shown { messages: Vec::new(), quotes: Some(quotes) });
    }
    let messages = messages_show::run(&cx.app, cx.actor(), &request.message_ids).await?;
    Ok(Shown { messages, quotes: None })
}
