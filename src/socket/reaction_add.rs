//! `reaction:add`: an emoji on a message. Adding it again changes nothing and tells nobody.

use super::{context::Context, reaction::Reaction};
use crate::{
    db::room_log::{Appended, Change},
    error::{Error, Result},
    protocol::Nothing,
};

pub(super) async fn handle(cx: Context, ask: Reaction) -> Result<Nothing> {
    let whereabouts = cx.app.access.ensure_may_touch(cx.user_id(), &ask.message_id).await?;
    let change = Change::React { message_id: ask.message_id, emoji: ask.emoji };
    match cx.append(whereabouts.room_id, change).await?.appended {
        Appended::NotFound => Err(Error::MessageNotFound),
        _ => Ok(Nothing {}),
    }
}
