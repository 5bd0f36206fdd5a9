//! `reaction:add`: an emoji on a message. Adding it again changes nothing and tells nobody.

use std::sync::Arc;

use serde::Deserialize;

use super::context::{Ask, Context};
use crate::{
    chat::{id::MessageId, limits::Limits},
    db::room_log::{Appended, Change},
    error::{Error, Result},
    protocol::Nothing,
};

/// Also what `reaction:remove` asks. The room is the message's, whatever the client says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
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

pub(super) async fn handle(cx: Context, ask: Reaction) -> Result<Nothing> {
    let whereabouts = cx.app.access.ensure_may_touch(cx.user_id(), &ask.message_id).await?;
    let change = Change::React { message_id: ask.message_id, emoji: ask.emoji };
    match cx.append(whereabouts.room_id, change).await? {
        Appended::NotFound => Err(Error::MessageNotFound),
        _ => Ok(Nothing {}),
    }
}
