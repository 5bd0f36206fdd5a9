//! Threads: the replies of a message, and the threads that the caller follows.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::Caller,
    input::{Body, Path, Query, limit},
};
use crate::{
    actions::{
        thread_follow::{self, Choice},
        thread_load::{self, Window},
        thread_read,
        threads_list::{self, Listing, MAX_THREADS},
    },
    app::App,
    chat::{
        Error, Result, cursor,
        id::{MessageId, RoomId},
        limits::DEFAULT_PAGE,
    },
    http::problem::ProblemView,
    protocol::{FollowedThreadView, MessageView},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// A cursor: replies older than it. Only one of `before` and `after` is taken.
    before: Option<String>,
    /// A cursor: replies newer than it.
    after: Option<String>,
    /// 50 if absent or 0; at most `MAX_PAGE_SIZE`.
    #[serde(default, deserialize_with = "limit")]
    #[param(value_type = Option<usize>)]
    limit: Option<u64>,
}

impl Page {
    fn window(&self) -> Result<Window> {
        match (&self.before, &self.after) {
            (None, None) => Ok(Window::Newest),
            (Some(before), None) => cursor::read(before).map(Window::Before),
            (None, Some(after)) => cursor::read(after).map(Window::After),
            (Some(_), Some(_)) => Err(Error::BadInput("only one of before and after is taken".to_owned())),
        }
    }
}

/// A thread, and a page of its replies.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Thread {
    #[schema(value_type = String)]
    root_id: MessageId,
    #[schema(value_type = String)]
    room_id: RoomId,
    /// The message on which the thread hangs; null if it was deleted.
    root: Option<MessageView>,
    /// The replies, newest first.
    messages: Vec<MessageView>,
    /// The cursor for older replies; null if there are none.
    before: Option<String>,
    /// The cursor for newer replies, also for those that are sent later; null if there is no reply yet.
    after: Option<String>,
    /// There are more replies in the direction that was read.
    has_more: bool,
    is_following: bool,
    /// Replies of others that the caller has not read, in a thread that they follow: 99 stands for 99 or more.
    unread_count: i64,
}

/// Shows the thread of a message
///
/// The message is the root, or any reply. One without replies has an empty thread.
#[utoipa::path(get, path = "/messages/{messageId}/thread", tag = "threads", operation_id = "showThread",
    params(("messageId" = String, Path), Page), responses(
    (status = 200, body = Thread),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(message_id): Path<MessageId>,
    Query(page): Query<Page>,
) -> Result<Json<Thread>> {
    let limits = &app.config.limits;
    limits.ensure_id("messageId", message_id.as_str())?;
    let (window, limit) = (page.window()?, limits.page_size(page.limit));
    let found = thread_load::run(&app, caller.actor(), &message_id, window, limit).await?;
    let [before, after] = [&found.before, &found.after].map(|place| place.as_ref().map(cursor::write));
    Ok(Json(Thread {
        root_id: found.root_id,
        room_id: found.room_id,
        root: found.root,
        messages: found.messages,
        before,
        after,
        has_more: found.has_more,
        is_following: found.is_following,
        unread_count: found.unread,
    }))
}

/// The unread replies of a thread.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnreadReplies {
    /// Replies of others: 99 stands for 99 or more. 0 for a thread that the caller does not follow.
    unread_count: i64,
}

async fn choose(
    app: &App,
    caller: &Caller,
    message_id: &MessageId,
    choice: Choice,
) -> Result<Json<UnreadReplies>> {
    app.config.limits.ensure_id("messageId", message_id.as_str())?;
    let unread_count = thread_follow::run(app, caller.actor(), message_id, choice).await?;
    Ok(Json(UnreadReplies { unread_count }))
}

/// Lets the caller follow a thread
///
/// The message is the root, or any reply. One without replies may be followed, too.
#[utoipa::path(put, path = "/messages/{messageId}/thread/follow", tag = "threads", operation_id = "followThread",
    params(("messageId" = String, Path)), responses(
    (status = 200, body = UnreadReplies),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn follow(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(message_id): Path<MessageId>,
) -> Result<Json<UnreadReplies>> {
    choose(&app, &caller, &message_id, Choice::Follow).await
}

/// Lets the caller follow a thread no more
///
/// A reply of theirs, or a mention, does not make them follow it again.
#[utoipa::path(delete, path = "/messages/{messageId}/thread/follow", tag = "threads", operation_id = "unfollowThread",
    params(("messageId" = String, Path)), responses(
    (status = 200, body = UnreadReplies),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn unfollow(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(message_id): Path<MessageId>,
) -> Result<Json<UnreadReplies>> {
    choose(&app, &caller, &message_id, Choice::Unfollow).await
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct LastRead {
    /// The last reply that was read.
    #[schema(value_type = String, min_length = 1)]
    message_id: MessageId,
}

/// Marks a thread as read up to a reply
///
/// The mark never goes back.
#[utoipa::path(put, path = "/messages/{messageId}/thread/read", tag = "threads", operation_id = "readThread", request_body = LastRead,
    params(("messageId" = String, Path)), responses(
    (status = 200, body = UnreadReplies),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn mark_read(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(root_id): Path<MessageId>,
    Body(LastRead { message_id }): Body<LastRead>,
) -> Result<Json<UnreadReplies>> {
    let limits = &app.config.limits;
    limits.ensure_id("messageId", root_id.as_str())?;
    limits.ensure_id("messageId", message_id.as_str())?;
    let unread_count = thread_read::run(&app, caller.actor(), &root_id, &message_id).await?;
    Ok(Json(UnreadReplies { unread_count }))
}

#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Listed {
    /// `after` of the last page.
    after: Option<String>,
    /// 50 if absent or 0; at most 100.
    limit: Option<usize>,
    /// Only the threads of this room.
    #[param(value_type = Option<String>, min_length = 1)]
    room_id: Option<RoomId>,
    /// Only those with unread replies.
    unread_only: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Threads {
    /// The threads, the one with the newest reply first. There may be fewer than the limit, or none, and more on the next page.
    threads: Vec<FollowedThreadView>,
    /// The cursor for the next page; null at the end.
    after: Option<String>,
}

/// Lists the threads that the caller follows
///
/// In the rooms that the caller may enter.
#[utoipa::path(get, path = "/threads", tag = "threads", operation_id = "listThreads", params(Listed), responses(
    (status = 200, body = Threads),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(listed): Query<Listed>,
) -> Result<Json<Threads>> {
    if let Some(room_id) = &listed.room_id {
        app.config.limits.ensure_id("roomId", room_id.as_str())?;
    }
    let after = listed.after.as_deref().map_or_else(|| Ok(cursor::newest()), cursor::read)?;
    let listing = Listing {
        after: &after,
        limit: listed.limit.filter(|limit| *limit > 0).unwrap_or(DEFAULT_PAGE).min(MAX_THREADS),
        room_id: listed.room_id.as_ref(),
        unread_only: listed.unread_only.unwrap_or_default(),
    };
    let page = threads_list::run(&app, caller.actor(), &listing).await?;
    Ok(Json(Threads { threads: page.threads, after: page.after.as_ref().map(cursor::write) }))
}
