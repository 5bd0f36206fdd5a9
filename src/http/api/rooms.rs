//! Rooms: listing, creating and showing them.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    PREFIX,
    caller::Caller,
    input::{Body, Path},
};
use crate::{
    actions::{room_create, room_show, rooms_list},
    app::App,
    chat::{
        Result,
        id::{RoomId, UserId},
        room::CreatedType,
        timestamp::Timestamp,
    },
    http::problem::ProblemView,
    protocol::{ListedRoomView, RoomView},
};

#[derive(Serialize, ToSchema)]
pub(super) struct Rooms {
    /// The rooms, the last active first.
    rooms: Vec<ListedRoomView>,
}

/// Lists the caller's rooms and the public rooms
///
/// At most 500 of the caller's, those with the latest activity, and all public rooms.
#[utoipa::path(get, path = "/rooms", tag = "rooms", operation_id = "listRooms", responses(
    (status = 200, body = Rooms),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Rooms>> {
    let rooms = rooms_list::run(&app, caller.actor()).await?;
    Ok(Json(Rooms { rooms: rooms.into_iter().map(ListedRoomView::from).collect() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct NewRoom {
    name: String,
    /// `public` if absent.
    #[serde(rename = "type", default)]
    #[schema(value_type = Option<String>, example = "private")]
    kind: Option<CreatedType>,
    /// The ids of the members beside the caller; at most 100.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    members: Vec<UserId>,
}

/// Creates a room
///
/// The caller and `members` become its members. All their sockets are sent `room:invited`.
#[utoipa::path(post, path = "/rooms", tag = "rooms", operation_id = "createRoom", request_body = NewRoom, responses(
    (status = 201, body = RoomView, headers(("Location" = String))),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(room): Body<NewRoom>,
) -> Result<Response> {
    let limits = &app.config.limits;
    limits.ensure_room_name(&room.name)?;
    limits.ensure_first_members(&room.members)?;
    let kind = room.kind.unwrap_or_default().into();
    let room = room_create::run(&app, caller.actor(), &room.name, kind, room.members).await?;
    let mut response = (StatusCode::CREATED, Json(&room)).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("{PREFIX}/rooms/{}", room.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// A room without its members.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownRoom {
    id: String,
    name: String,
    /// `public`, `private` or `direct`.
    #[serde(rename = "type")]
    kind: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Shows a room
#[utoipa::path(get, path = "/rooms/{roomId}", tag = "rooms", operation_id = "showRoom", params(("roomId" = String, Path)), responses(
    (status = 200, body = ShownRoom),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(room_id): Path<RoomId>,
) -> Result<Json<ShownRoom>> {
    app.config.limits.ensure_id("roomId", room_id.as_str())?;
    let room = room_show::run(&app, caller.actor(), &room_id).await?;
    let kind = room.kind.0.as_str();
    Ok(Json(ShownRoom { id: room.id, name: room.name, kind, created_at: room.created_at }))
}
