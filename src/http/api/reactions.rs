//! Reactions on messages.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};

use super::{caller::Caller, input::Path};
use crate::{
    actions::{reaction_add, reaction_remove},
    app::App,
    chat::{Result, id::MessageId},
    http::problem::ProblemView,
};

/// Adds the caller's reaction to a message
///
/// Nothing happens if it is there already.
#[utoipa::path(put, path = "/messages/{messageId}/reactions/{emoji}", tag = "reactions", operation_id = "addReaction",
    params(("messageId" = String, Path), ("emoji" = String, Path)), responses(
    (status = 204),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((message_id, emoji)): Path<(MessageId, Arc<str>)>,
) -> Result<StatusCode> {
    ensure(&app, &message_id, &emoji)?;
    reaction_add::run(&app, caller.actor(), message_id, emoji).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the caller's reaction from a message
///
/// Nothing happens if it is not there.
#[utoipa::path(delete, path = "/messages/{messageId}/reactions/{emoji}", tag = "reactions", operation_id = "removeReaction",
    params(("messageId" = String, Path), ("emoji" = String, Path)), responses(
    (status = 204),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((message_id, emoji)): Path<(MessageId, Arc<str>)>,
) -> Result<StatusCode> {
    ensure(&app, &message_id, &emoji)?;
    reaction_remove::run(&app, caller.actor(), message_id, emoji).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn ensure(app: &App, message_id: &MessageId, emoji: &str) -> Result<()> {
    app.config.limits.ensure_id("messageId", message_id.as_str())?;
    app.config.limits.ensure_emoji(emoji)
}
