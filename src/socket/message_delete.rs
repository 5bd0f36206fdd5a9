//! `message:delete`: a message of one's own goes, with its reactions. The room is the message's, whatever the client says.

use serde::Deserialize;

use super::context::{Ask, Context};
use crate::{
    chat::{id::MessageId, limits::Limits},
    db::room_log::{Appended, Change},
    error::{Error, Result},
    protocol::Nothing,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct MessageDelete {
    message_id: MessageId,
}

impl Ask for MessageDelete {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("messageId", self.message_id.as_str())
    }
}

pub(super) async fn handle(cx: Context, ask: MessageDelete) -> Result<Nothing> {
    let whereabouts =
        cx.app.access.find_own(cx.user_id(), &ask.message_id).await?.ok_or(Error::DeleteRefused)?;
    cx.ensure_may_enter(&whereabouts.room_id).await?;
    match cx.append(whereabouts.room_id, Change::Delete { message_id: ask.message_id }).await?.appended {
        Appended::Entry(_) => Ok(Nothing {}),
        _ => Err(Error::DeleteRefused),
    }
}
