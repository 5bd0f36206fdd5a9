//! Presence of users, and the caller's status.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Caller,
    input::{Body, Path, Query},
};
use crate::{
    actions::{presence_list, status_set},
    app::App,
    chat::{
        Error, Result,
        id::{RoomId, UserId},
        js_date::JsDate,
        status::Status,
    },
    clock,
    http::problem::ProblemView,
    protocol::PresenceView,
};

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct OfRoom {
    /// A room that the caller is a member of.
    #[param(value_type = String)]
    room_id: RoomId,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Presences {
    /// The members; of a room with more than 500, at most 500 who are there.
    users: Vec<PresenceView>,
}

/// Lists the presence of a room's members
#[utoipa::path(get, path = "/presence", tag = "users", operation_id = "listPresence", params(OfRoom), responses(
    (status = 200, body = Presences),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(OfRoom { room_id }): Query<OfRoom>,
) -> Result<Json<Presences>> {
    app.config.limits.ensure_id("roomId", room_id.as_str())?;
    Ok(Json(Presences { users: presence_list::of_room(&app, caller.actor(), &room_id).await? }))
}

/// Shows the presence of a user
///
/// A user who shares no room with the caller is not found, like one who does not exist.
#[utoipa::path(get, path = "/users/{userId}/presence", tag = "users", operation_id = "showPresence",
    params(("userId" = String, Path)), responses(
    (status = 200, body = PresenceView),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user_id): Path<UserId>,
) -> Result<Json<PresenceView>> {
    app.config.limits.ensure_id("userId", user_id.as_str())?;
    let mut users = presence_list::run(&app, caller.actor(), &[user_id]).await?;
    users.pop().map(Json).ok_or(Error::UserNotFound)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct NewStatus {
    /// One line of at most 100 characters and 400 bytes.
    text: Option<String>,
    /// One emoji.
    emoji: Option<String>,
    /// When the status ends, within the next 366 days.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    clear_at: JsDate,
}

#[derive(Serialize, ToSchema)]
pub(super) struct OwnStatus {
    #[schema(value_type = Option<Status>)]
    status: Option<Arc<Status>>,
}

/// Sets the caller's status
///
/// Without text and emoji there is none from now on.
#[utoipa::path(put, path = "/me/status", tag = "users", operation_id = "setStatus", request_body = NewStatus, responses(
    (status = 200, body = OwnStatus),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn set_status(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(NewStatus { text, emoji, clear_at }): Body<NewStatus>,
) -> Result<Json<OwnStatus>> {
    let (text, emoji) = (text.as_deref(), emoji.as_deref());
    app.config.limits.ensure_status(text, emoji)?;
    let status = Status::new(text, emoji, clear_at.0, clock::now())?;
    Ok(Json(OwnStatus { status: status_set::run(&app, caller.actor(), status).await? }))
}
