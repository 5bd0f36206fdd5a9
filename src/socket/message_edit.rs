//! `message:edit`: other words for a message of one's own. Somebody else's is not found.

use serde::{Deserialize, Serialize};

use super::context::{Ask, Context};
use crate::{
    chat::{id::MessageId, limits::Limits},
    db::room_log::{Appended, Change, Told},
    error::{Error, Result},
    protocol::{AnsweredMessage, NumberedMessageView},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct MessageEdit {
    message_id: MessageId,
    content: String,
}

impl Ask for MessageEdit {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("messageId", self.message_id.as_str())?;
        limits.ensure_content(&self.content)
    }
}

#[derive(Serialize)]
pub(super) struct Edited {
    message: AnsweredMessage,
}

pub(super) async fn handle(cx: Context, ask: MessageEdit) -> Result<Edited> {
    let whereabouts =
        cx.app.access.find_own(cx.user_id(), &ask.message_id).await?.ok_or(Error::MessageNotFound)?;
    cx.ensure_may_enter(&whereabouts.room_id).await?;
    let change = Change::Edit { message_id: ask.message_id, content: ask.content };
    let settled = cx.append(whereabouts.room_id, change).await?;
    match settled.appended {
        Appended::Entry(entry) => match (settled.told, entry.told) {
            (Some(told), _) => Ok(Edited { message: AnsweredMessage::Told(told) }),
            (None, Told::Updated(message)) => {
                let view = NumberedMessageView { message, seq: entry.seq };
                Ok(Edited { message: AnsweredMessage::View(view) })
            }
            _ => Err(Error::Internal("an edit became another entry".to_owned())),
        },
        _ => Err(Error::MessageNotFound),
    }
}
