//! `reaction:remove`: takes one's own emoji off a message. Removing what is not there changes nothing and tells nobody.

use super::reaction::Reaction;
use crate::{actions::reaction_remove, error::Result, protocol::Nothing, socket::context::Context};

pub(in crate::socket) async fn handle(cx: Context, request: Reaction) -> Result<Nothing> {
    reaction_remove::run(&cx.app, cx.actor(), request.message_id, request.emoji).await?;
    Ok(Nothing {})
}
