//! `reaction:remove`: removes the caller's emoji from a message. If it is not there, nothing changes and nothing is
//! sent.

use super::reaction::Reaction;
use crate::{actions::reaction_remove, chat::Result, protocol::Nothing, socket::context::Context};

pub(in crate::socket) async fn handle(cx: Context, request: Reaction) -> Result<Nothing> {
    reaction_remove::run(&cx.app, cx.actor(), request.message_id, request.emoji).await?;
    Ok(Nothing {})
}
