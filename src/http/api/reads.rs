//! Reads: read marks, unread counts and readers.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Caller,
    input::{Body, OptionalBody, Path, Query},
};
use crate::{
    actions::{message_readers, room_mark_unread, room_read, unread_list},
    app::App,
    chat::{
        Result,
        id::{MessageId, RoomId},
    },
    http::problem::ProblemView,
    protocol::{ReaderView, RoomUnreadView},
};

#[derive(Default, Deserialize, ToSchema)]
#[serde(expecting = "an object")]
pub(super) struct ReadMark {
    /// The last entry of the room's log that was read: all if absent.
    #[schema(minimum = 0)]
    seq: Option<i64>,
}

/// Marks a room as read up to an entry, or up to now
///
/// A mark never goes back. It is stored when this answers, and the room's sockets are sent `room:user-read`.
#[utoipa::path(put, path = "/rooms/{roomId}/read", tag = "reads", operation_id = "markRoomRead", params(("roomId" = String, Path)),
    request_body = Option<ReadMark>, responses(
    (status = 204),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn mark_read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(room_id): Path<RoomId>,
    OptionalBody(mark): OptionalBody<ReadMark>,
) -> Result<StatusCode> {
    app.config.limits.ensure_id("roomId", room_id.as_str())?;
    app.config.limits.ensure_seq(mark.seq.unwrap_or(0))?;
    room_read::run(&app, caller.actor(), &room_id, mark.seq, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct UnreadMark {
    /// The message that counts as the first unread one.
    #[schema(value_type = String, min_length = 1)]
    message_id: MessageId,
}

/// Marks a room as unread from a message on
///
/// For the caller alone, until they read the room again: the receipts that others are shown stay.
#[utoipa::path(put, path = "/rooms/{roomId}/unread", tag = "reads", operation_id = "markRoomUnread", params(("roomId" = String, Path)),
    request_body = UnreadMark, responses(
    (status = 204),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn mark_unread(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(room_id): Path<RoomId>,
    Body(mark): Body<UnreadMark>,
) -> Result<StatusCode> {
    app.config.limits.ensure_id("roomId", room_id.as_str())?;
    app.config.limits.ensure_id("messageId", mark.message_id.as_str())?;
    room_mark_unread::run(&app, caller.actor(), &room_id, &mark.message_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
pub(super) struct UnreadCounts {
    /// The counts, of the last active room first.
    rooms: Vec<RoomUnreadView>,
}

/// Lists the unread counts of the caller's rooms
///
/// At most 500 rooms: those with the latest activity.
#[utoipa::path(get, path = "/unread", tag = "reads", operation_id = "listUnread", responses(
    (status = 200, body = UnreadCounts),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn list_unread(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<UnreadCounts>> {
    Ok(Json(UnreadCounts { rooms: unread_list::run(&app, caller.actor()).await? }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The value of `after` that the page before has given.
    #[serde(default)]
    after: String,
    /// 100 if absent or 0; at most 1,000.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Readers {
    /// The readers, in the order of their ids. A page may have fewer than `limit`, or none, although there are more.
    readers: Vec<ReaderView>,
    /// The value of `after` for the next page; null at the end.
    after: Option<String>,
}

/// Lists the members who have read a message
///
/// Without its author, and without users whose reads are private.
#[utoipa::path(get, path = "/messages/{messageId}/readers", tag = "reads", operation_id = "listReaders",
    params(("messageId" = String, Path), Page), responses(
    (status = 200, body = Readers),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn list_readers(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(message_id): Path<MessageId>,
    Query(page): Query<Page>,
) -> Result<Json<Readers>> {
    let limits = &app.config.limits;
    limits.ensure_id("messageId", message_id.as_str())?;
    if !page.after.is_empty() {
        limits.ensure_id("after", &page.after)?;
    }
    let found = message_readers::run(&app, caller.actor(), &message_id, &page.after, page.limit).await?;
    Ok(Json(Readers { readers: found.readers, after: found.last.map(|last| last.to_string()) }))
}
