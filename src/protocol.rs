//! The wire protocol of the server: event names and the payloads that several events share. A client's payloads are
//! defined with each event.

mod excerpt;
mod mentions;
mod presence;
mod reads;
mod rooms;
mod threads;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;

pub use self::{
    excerpt::{Bodies, EXCERPT_BYTES, ExcerptView, LONG_BYTES, ShownMessageView},
    mentions::{MentionReadView, MentionSenderView, MentionView},
    presence::{Presence, PresenceUpdateView, PresenceView},
    reads::{MessageDeliveredView, ReaderView, RoomUnreadView, RoomUserReadView, UserSettingsView},
    rooms::{
        ListedRoomView, MemberLeftView, RoomInvitedView, RoomMembersView, RoomUpdatedView, RoomView,
        ShownRoomView,
    },
    threads::{
        FollowedThreadView, LastReplyView, QuoteView, ThreadPlaceView, ThreadRootView, ThreadSummaryView,
        ThreadUnreadView,
    },
};
use crate::chat::{
    id::{MessageId, RoomId, UserId},
    message::{MessageType, Place},
    timestamp::Timestamp,
};

/// The names of the events that the server sends.
pub mod event {
    pub const ROOM_HISTORY: &str = "room:history";
    pub const ROOM_MEMBERS: &str = "room:members";
    pub const ROOM_USER_JOINED: &str = "room:user-joined";
    pub const ROOM_USER_LEFT: &str = "room:user-left";
    pub const ROOM_USER_READ: &str = "room:user-read";
    pub const ROOM_ERROR: &str = "room:error";
    pub const ROOM_ACTIVITY: &str = "room:activity";
    pub const ROOM_UNREAD: &str = "room:unread";
    pub const ROOM_INVITED: &str = "room:invited";
    pub const MESSAGE_NEW: &str = "message:new";
    pub const MESSAGE_UPDATED: &str = "message:updated";
    pub const MESSAGE_DELETED: &str = "message:deleted";
    pub const MESSAGE_DELIVERED: &str = "message:delivered";
    pub const REACTION_ADDED: &str = "reaction:added";
    pub const REACTION_REMOVED: &str = "reaction:removed";
    pub const TYPING_USER: &str = "typing:user";
    pub const TYPING_STOPPED: &str = "typing:stopped";
    pub const DM_STARTED: &str = "dm:started";
    pub const ROOM_UPDATED: &str = "room:updated";
    pub const MEMBER_LEFT: &str = "member:left";
    pub const USERS_PRESENCE: &str = "users:presence";
    pub const PRESENCE_UPDATE: &str = "presence:update";
    pub const MENTION_NEW: &str = "mention:new";
    pub const MENTION_READ: &str = "mention:read";
    pub const THREAD_UNREAD: &str = "thread:unread";

    /// The names that Socket.IO reserves: no client library sends them, and Node closes the connection on them.
    pub const RESERVED: [&str; 6] =
        ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

    /// All of the above that the server sends.
    pub const ALL: [&str; 25] = [
        ROOM_HISTORY,
        ROOM_MEMBERS,
        ROOM_USER_JOINED,
        ROOM_USER_LEFT,
        ROOM_USER_READ,
        ROOM_ERROR,
        ROOM_ACTIVITY,
        ROOM_UNREAD,
        ROOM_INVITED,
        MESSAGE_NEW,
        MESSAGE_UPDATED,
        MESSAGE_DELETED,
        MESSAGE_DELIVERED,
        REACTION_ADDED,
        REACTION_REMOVED,
        TYPING_USER,
        TYPING_STOPPED,
        DM_STARTED,
        ROOM_UPDATED,
        MEMBER_LEFT,
        USERS_PRESENCE,
        PRESENCE_UPDATE,
        MENTION_NEW,
        MENTION_READ,
        THREAD_UNREAD,
    ];

    /// True for a name that only the server, or a client library itself, may give to an event. Some libraries handle `*` and
    /// names that begin with two underscores in a way of their own.
    pub fn is_the_servers(name: &str) -> bool {
        ALL.contains(&name)
            || RESERVED.contains(&name)
            || name == "*"
            || name.starts_with("__")
            || name.starts_with("server:")
    }
}

/// A message in its current state, as in history, pages and events.
#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
#[schemars(rename = "Message")]
pub struct MessageView {
    #[schema(value_type = String)]
    pub id: MessageId,
    #[schema(value_type = String)]
    pub room_id: RoomId,
    #[schema(value_type = String)]
    pub sender_id: UserId,
    pub content: String,
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    #[schemars(with = "String")]
    pub kind: MessageType,
    /// Any JSON; `{}` if the sender gave none.
    pub metadata: Value,
    pub reply_to: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
    /// The name in the database, not in the token.
    #[schema(value_type = String)]
    pub sender_name: Arc<str>,
    pub sender: SenderView,
    /// The reactions in the order in which they were added.
    pub reactions: Vec<ReactionView>,
    /// The thread that the message belongs to, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadPlaceView>,
    /// The state of the thread that hangs on the message, if it has replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_summary: Option<Box<ThreadSummaryView>>,
}

impl MessageView {
    /// The position in the room's history.
    pub fn place(&self) -> Place {
        Place { at: self.created_at, id: self.id.clone() }
    }
}

/// A message in `message:new`, `message:updated` and the ack to its author, with the `seq` of the change.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "NumberedMessage")]
pub struct NumberedMessageView<M> {
    #[serde(flatten)]
    pub message: M,
    /// The position of this change in the room's log.
    pub seq: i64,
    /// The root of a new reply, with the state of its thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<Arc<ThreadRootView>>,
}

#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[schema(as = Sender)]
#[schemars(rename = "Sender")]
pub struct SenderView {
    #[schema(value_type = String)]
    pub name: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reaction)]
#[schemars(rename = "Reaction")]
pub struct ReactionView {
    #[schema(value_type = String)]
    pub emoji: Arc<str>,
    #[schema(value_type = String)]
    pub user_id: UserId,
}

#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[schema(as = Member)]
#[schemars(rename = "Member")]
pub struct MemberView {
    #[schema(value_type = String)]
    pub id: UserId,
    #[schema(value_type = String)]
    pub name: Arc<str>,
    #[schema(value_type = Option<String>)]
    pub avatar: Option<Arc<str>>,
}

/// A message that a search has found.
#[derive(Debug, JsonSchema, Serialize, ToSchema)]
#[schema(as = FoundMessage)]
#[schemars(rename = "FoundMessage")]
pub struct FoundMessageView {
    pub message: MessageView,
    /// The ranges of the content that match, each its start and end in UTF-16 code units.
    pub highlights: Vec<[usize; 2]>,
}

/// A page of search results.
#[derive(Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SearchPage)]
#[schemars(rename = "SearchPage")]
pub struct SearchPageView {
    pub results: Vec<FoundMessageView>,
    /// The cursor for the next page; null if there is none.
    pub after: Option<String>,
    pub is_complete: bool,
    /// The share of the searched rooms whose whole history is indexed, if it is not 1 yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indexed: Option<f64>,
}

/// A user as their token names them: without a `name` claim the key is absent.
#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[schema(as = TokenUser)]
#[schemars(rename = "TokenUser")]
pub struct TokenUserView {
    #[schema(value_type = String)]
    pub id: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Arc<str>>,
}

/// `room:history`: newest first. `seq` is the last entry of the room's log that it includes.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomHistoryView<'a> {
    pub room_id: &'a RoomId,
    pub messages: Vec<ShownMessageView<&'a MessageView>>,
    pub seq: i64,
}

#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomUserJoinedView<'a> {
    pub room_id: &'a RoomId,
    pub user: &'a TokenUserView,
}

/// `room:user-left` and `typing:stopped`.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomUserView<'a> {
    pub room_id: &'a RoomId,
    pub user_id: &'a UserId,
}

#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypingUserView<'a> {
    pub room_id: &'a RoomId,
    pub user_id: &'a UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<&'a str>,
}

#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MessageDeleted")]
pub struct MessageDeletedView<'a> {
    pub message_id: &'a MessageId,
    pub room_id: &'a RoomId,
    pub seq: i64,
    /// The root of a deleted reply, with the state of its thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<Arc<ThreadRootView>>,
}

/// A message in the ack to its author: encoded as it was broadcast, if it was broadcast here.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum AnsweredMessage {
    Sent(Arc<RawValue>),
    View(NumberedMessageView<ShownMessageView<Arc<MessageView>>>),
}

/// The event that is broadcast for an entry of a room's log.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(untagged)]
#[schemars(rename = "Entry")]
pub enum EntryView<'a> {
    Message(#[schemars(with = "NumberedMessageView<ExcerptView>")] NumberedMessageView<&'a MessageView>),
    /// A message to clients that take excerpts.
    #[schemars(skip)]
    Excerpt(NumberedMessageView<Box<ExcerptView>>),
    Deleted(MessageDeletedView<'a>),
    Reaction(ReactionChangedView<'a>),
    Room(RoomUpdatedView<'a>),
}

/// `reaction:added` and `reaction:removed`.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReactionChanged")]
pub struct ReactionChangedView<'a> {
    pub message_id: &'a MessageId,
    pub room_id: &'a RoomId,
    pub user_id: &'a UserId,
    pub emoji: &'a str,
    pub seq: i64,
}

impl<'a> ReactionChangedView<'a> {
    pub fn new(message_id: &'a MessageId, reaction: &'a ReactionView, room_id: &'a RoomId, seq: i64) -> Self {
        Self { message_id, room_id, user_id: &reaction.user_id, emoji: &reaction.emoji, seq }
    }
}

#[derive(Debug, JsonSchema, Serialize)]
pub struct DmStartedView<'a> {
    pub room: &'a RoomView,
    pub from: &'a TokenUserView,
}

/// `room:activity`: a digest of the messages since the last one, in a room that the user is a member of and the socket
/// is not in.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomActivityView<'a> {
    pub room_id: &'a RoomId,
    pub last_message_at: Timestamp,
    pub by: Vec<SenderCountView<'a>>,
}

/// The number of messages by one user.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SenderCount")]
pub struct SenderCountView<'a> {
    pub user_id: &'a UserId,
    pub count: u32,
}

/// `users:presence`: the watched users who came online, and who went offline.
#[derive(Debug, JsonSchema, Serialize)]
pub struct UsersPresenceView<'a> {
    pub online: &'a [UserId],
    pub offline: &'a [UserId],
}

/// `room:error`, sent to the caller's socket only.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomErrorView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<&'a str>,
    pub event: &'a str,
    pub code: &'a str,
    pub error: &'a str,
}

/// The ack of a refused event.
#[derive(Debug, JsonSchema, Serialize)]
pub struct RefusedView<'a> {
    pub success: bool,
    pub error: &'a str,
    pub code: &'a str,
    /// Present, and empty, for `messages:load`: the original's hook reads it without a check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<[(); 0]>,
}

/// The ack of a successful event.
#[derive(Debug, JsonSchema, Serialize)]
pub struct DoneView<T> {
    pub success: bool,
    #[serde(flatten)]
    pub answer: T,
}

/// The answer of an ack that has nothing to add.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Nothing {}
