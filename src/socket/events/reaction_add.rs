//! `reaction:add`: adds an emoji to a message. Adding it again changes nothing and sends nothing.

use super::reaction::Reaction;
use crate::{actions::reaction_add, chat::Result, protocol::Nothing, socket::context::Context};

pub(in crate::socket) async fn handle(cx: Context, request: Reaction) -> Result<Nothing> {
    reaction_add::run(&cx.app, cx.actor(), request.message_id, request.emoji).await?;
    Ok(Nothing {})
}
