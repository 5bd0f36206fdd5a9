//! The members of a room.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Caller,
    input::{Path, Query, limit},
};
use crate::{
    actions::{member_join, member_leave, member_remove, members_list, room_invite},
    app::App,
    chat::{
        Result,
        id::{RoomId, UserId},
    },
    http::problem::ProblemView,
    protocol::MemberView,
};

/// The most members of a page, and those of one for which no limit is given.
const MAX_MEMBERS: usize = 1_000;
const MEMBERS: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The id of the last member of the page before.
    #[serde(default)]
    after: String,
    /// 100 if absent or 0; at most 1,000.
    #[serde(default, deserialize_with = "limit")]
    #[param(value_type = Option<usize>)]
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Members {
    /// The members, in the order of their ids.
    members: Vec<MemberView>,
    /// The value of `after` for the next page; null at the end.
    after: Option<String>,
}

/// Lists the members of a room
#[utoipa::path(get, path = "/rooms/{roomId}/members", tag = "members", operation_id = "listMembers", params(("roomId" = String, Path), Page), responses(
    (status = 200, body = Members),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(room_id): Path<RoomId>,
    Query(page): Query<Page>,
) -> Result<Json<Members>> {
    let limits = &app.config.limits;
    limits.ensure_id("roomId", room_id.as_str())?;
    if !page.after.is_empty() {
        limits.ensure_id("after", &page.after)?;
    }
    let limit = page.limit.filter(|limit| *limit > 0).map(usize::try_from);
    let limit = limit.map_or(MEMBERS, |limit| limit.unwrap_or(MAX_MEMBERS)).min(MAX_MEMBERS);
    let mut members = members_list::run(&app, caller.actor(), &room_id, &page.after, limit + 1).await?;
    let has_more = members.len() > limit;
    members.truncate(limit);
    let after = members.last().filter(|_| has_more).map(|member| member.id.to_string());
    Ok(Json(Members { members, after }))
}

/// Makes a user a member of a room
///
/// The caller may make themself a member of a public room, and others of a room that they may enter. Nothing happens if
/// the user is a member already.
#[utoipa::path(put, path = "/rooms/{roomId}/members/{userId}", tag = "members", operation_id = "addMember",
    params(("roomId" = String, Path), ("userId" = String, Path)), responses(
    (status = 204),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((room_id, user_id)): Path<(RoomId, UserId)>,
) -> Result<StatusCode> {
    app.config.limits.ensure_id("roomId", room_id.as_str())?;
    app.config.limits.ensure_id("userId", user_id.as_str())?;
    if user_id == *caller.id() {
        member_join::run(&app, caller.actor(), &room_id).await?;
    } else {
        room_invite::run(&app, caller.actor(), &room_id, &user_id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a user's membership of a room
///
/// The caller's own, or, for the owner of the room, that of another. Everybody is notified as when the user leaves. Nothing
/// happens if the user is not a member.
#[utoipa::path(delete, path = "/rooms/{roomId}/members/{userId}", tag = "members", operation_id = "removeMember",
    params(("roomId" = String, Path), ("userId" = String, Path)), responses(
    (status = 204),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((room_id, user_id)): Path<(RoomId, UserId)>,
) -> Result<StatusCode> {
    app.config.limits.ensure_id("roomId", room_id.as_str())?;
    app.config.limits.ensure_id("userId", user_id.as_str())?;
    if user_id == *caller.id() {
        member_leave::run(&app, caller.actor(), &room_id).await?;
    } else {
        member_remove::run(&app, caller.actor(), &room_id, &user_id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
