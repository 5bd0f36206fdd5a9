//! The caller's inbox of mentions.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{caller::Caller, input::Query};
use crate::{
    actions::{
        mentions_list::{self, MAX_MENTIONS},
        mentions_read,
    },
    app::App,
    chat::{Result, cursor, limits::DEFAULT_PAGE},
    http::problem::ProblemView,
    protocol::MentionView,
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// `before` of the last page.
    before: Option<String>,
    /// 50 if absent or 0; at most 100.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Mentions {
    /// The mentions, newest first. There may be fewer than the limit, or none, and more on the next page.
    mentions: Vec<MentionView>,
    /// The cursor for older ones; null at the end.
    before: Option<String>,
}

/// Lists the messages that mention the caller
///
/// In the rooms that the caller may enter.
#[utoipa::path(get, path = "/mentions", tag = "mentions", operation_id = "listMentions", params(Page), responses(
    (status = 200, body = Mentions),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Json<Mentions>> {
    let before = page.before.as_deref().map_or_else(|| Ok(cursor::newest()), cursor::read)?;
    let limit = page.limit.filter(|limit| *limit > 0).unwrap_or(DEFAULT_PAGE).min(MAX_MENTIONS);
    let inbox = mentions_list::run(&app, caller.actor(), &before, limit).await?;
    Ok(Json(Mentions { mentions: inbox.mentions, before: inbox.before.as_ref().map(cursor::write) }))
}

/// Marks all mentions of the caller as read
#[utoipa::path(put, path = "/mentions/read", tag = "mentions", operation_id = "readMentions", responses(
    (status = 204),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn mark_read(State(app): State<Arc<App>>, caller: Caller) -> Result<StatusCode> {
    mentions_read::run(&app, caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}
