//! `reaction:remove`: takes one's own emoji off a message. Removing what is not there changes nothing and tells nobody.

use super::{context::Context, reaction::Reaction};
use crate::{db::room_log::Change, error::Result, protocol::Nothing};

pub(super) async fn handle(cx: Context, ask: Reaction) -> Result<Nothing> {
    let whereabouts = cx.app.access.ensure_may_touch(cx.user_id(), &ask.message_id).await?;
    let change = Change::Unreact { message_id: ask.message_id, emoji: ask.emoji };
    cx.append(whereabouts.room_id, change).await?;
    Ok(Nothing {})
}
