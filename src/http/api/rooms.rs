//! Rooms: listing, creating, showing and renaming them.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type},
};

use super::{
    PREFIX,
    caller::Caller,
    input::{Body, Path},
};
use crate::{
    actions::{room_create, room_show, room_update, rooms_list},
    app::App,
    chat::{
        Result,
        id::{RoomId, UserId},
        json,
        room::{CreatedType, MAX_FIRST_MEMBERS},
    },
    db::room_log::UpdateRoom,
    http::problem::ProblemView,
    protocol::{ListedRoomView, RoomView, ShownRoomView},
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
    /// It has a visible character, and at most 200 bytes.
    #[schema(min_length = 1, pattern = r"\S")]
    name: String,
    /// `public` if absent.
    #[serde(rename = "type", default)]
    #[schema(value_type = Option<String>, pattern = "^(public|private)$", example = "private")]
    kind: Option<CreatedType>,
    /// The ids of the members beside the caller; at most 100.
    #[serde(default)]
    #[schema(schema_with = member_ids, required = false)]
    members: Vec<UserId>,
}

fn member_ids() -> Array {
    let id = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    let ids = ArrayBuilder::new().items(id).max_items(Some(MAX_FIRST_MEMBERS));
    ids.description(Some("The ids of the members beside the caller; at most 100.")).build()
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

/// Shows a room
#[utoipa::path(get, path = "/rooms/{roomId}", tag = "rooms", operation_id = "showRoom", params(("roomId" = String, Path)), responses(
    (status = 200, body = ShownRoomView),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(room_id): Path<RoomId>,
) -> Result<Json<ShownRoomView>> {
    app.config.limits.ensure_id("roomId", room_id.as_str())?;
    room_show::run(&app, caller.actor(), &room_id).await.map(Json)
}

#[derive(Deserialize, ToSchema)]
#[serde(expecting = "an object")]
pub(super) struct ChangedRoom {
    /// It has a visible character, and at most 200 bytes; without it the name stays.
    #[schema(min_length = 1, pattern = r"\S")]
    name: Option<String>,
    /// Null, or an empty text, takes the topic away; without it the topic stays. At most 1,000 bytes.
    #[serde(default, deserialize_with = "json::present")]
    #[schema(value_type = Option<String>)]
    topic: Option<Option<String>>,
}

/// Changes the name or the topic of a room
///
/// The caller has to be a member of the room, and it must not be a direct one. Everybody in the room is sent
/// `room:updated`.
#[utoipa::path(patch, path = "/rooms/{roomId}", tag = "rooms", operation_id = "updateRoom", request_body = ChangedRoom,
    params(("roomId" = String, Path)), responses(
    (status = 200, body = ShownRoomView),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(room_id): Path<RoomId>,
    Body(ChangedRoom { name, topic }): Body<ChangedRoom>,
) -> Result<Json<ShownRoomView>> {
    let limits = &app.config.limits;
    limits.ensure_id("roomId", room_id.as_str())?;
    limits.ensure_room_update(name.as_deref(), topic.as_ref().map(Option::as_deref))?;
    let update = UpdateRoom::new(name.as_deref(), topic);
    room_update::run(&app, caller.actor(), &room_id, update).await.map(Json)
}
