//! Threads: a reply's place in one, the summary that a root carries, and the answers about them.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use super::{MemberView, MessageView};
use crate::chat::{
    id::{MessageId, RoomId, UserId},
    timestamp::Timestamp,
};

/// The thread that a reply belongs to.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ThreadPlace)]
#[schemars(rename = "ThreadPlace")]
pub struct ThreadPlaceView {
    /// The message that the thread hangs on.
    #[schema(value_type = String)]
    pub root_id: MessageId,
    /// The reply is shown in the room, too.
    pub also_to_room: bool,
}

/// The state of a thread, as its root shows it.
#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ThreadSummary)]
#[schemars(rename = "ThreadSummary")]
pub struct ThreadSummaryView {
    pub reply_count: i64,
    pub last_reply: LastReplyView,
    /// The five users who have replied last, the last one first. An avatar longer than 1 KiB is left out.
    pub participants: Vec<MemberView>,
    /// The number of users who have replied.
    pub participant_count: i64,
}

#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LastReply)]
#[schemars(rename = "LastReply")]
pub struct LastReplyView {
    #[schema(value_type = String)]
    pub id: MessageId,
    #[schema(value_type = String)]
    pub sender_id: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The part of a root that an entry of the room's log has changed: its summary after the entry.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ThreadRoot")]
pub struct ThreadRootView {
    pub id: MessageId,
    /// Null if the thread has no replies any more.
    pub thread_summary: Option<ThreadSummaryView>,
}

/// A message as others quote it.
#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Quote)]
#[schemars(rename = "Quote")]
pub struct QuoteView {
    #[schema(value_type = String)]
    pub id: MessageId,
    /// Null if the message is gone.
    #[schema(value_type = Option<String>)]
    pub sender_id: Option<UserId>,
    pub sender_name: Option<String>,
    /// The beginning of the message, of at most 200 characters; an ellipsis follows if there is more. Empty if it is gone.
    pub excerpt: String,
    pub is_deleted: bool,
}

/// A thread that a user follows.
#[derive(Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FollowedThread)]
#[schemars(rename = "FollowedThread")]
pub struct FollowedThreadView {
    #[schema(value_type = String)]
    pub room_id: RoomId,
    pub root: QuoteView,
    pub thread_summary: ThreadSummaryView,
    /// Replies of others that the user has not read: 99 stands for 99 or more.
    pub unread_count: i64,
}

/// `thread:unread`: the unread replies of a thread that the user follows.
#[derive(Clone, Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadUnreadView<'a> {
    pub root_id: &'a MessageId,
    pub room_id: &'a RoomId,
    /// Replies of others: 99 stands for 99 or more.
    pub unread_count: i64,
}

impl MessageView {
    /// True for a reply that is shown only in its thread.
    pub fn is_only_in_thread(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.also_to_room)
    }
}

impl QuoteView {
    /// The quote of a message that is gone, or that the reader may not see.
    pub fn gone(id: MessageId) -> Self {
        Self { id, sender_id: None, sender_name: None, excerpt: String::new(), is_deleted: true }
    }
}
