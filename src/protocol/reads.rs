//! Reads, as clients are told of them: read marks, unread counts, readers, deliveries, and the settings of receipts.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use super::MemberView;
use crate::chat::{
    id::{RoomId, UserId},
    timestamp::Timestamp,
};

/// `room:user-read`: the user has read all entries of the room's log up to `seq`.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomUserReadView<'a> {
    pub room_id: &'a RoomId,
    pub user_id: &'a UserId,
    pub timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
}

/// `room:unread`, and a room in the answer of `unread:list`: the unread messages of a room, as the user sees them.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomUnread)]
#[schemars(rename = "RoomUnread")]
pub struct RoomUnreadView {
    #[schema(value_type = String)]
    pub room_id: RoomId,
    /// The number of unread messages by others; 99 means 99 or more.
    pub unread_count: i64,
    /// The number of messages that mention the user and are not read; 99 means 99 or more.
    pub mention_count: i64,
    /// The last entry of the room's log that the counts include.
    pub seq: i64,
}

/// `message:delivered`: the room's messages have reached a device of the user up to `seq`.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageDeliveredView<'a> {
    pub room_id: &'a RoomId,
    pub user_id: &'a UserId,
    pub seq: i64,
}

/// The settings of a user.
#[derive(Clone, Copy, Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Settings)]
#[schemars(rename = "Settings")]
pub struct UserSettingsView {
    /// Others are not shown what the user has read.
    pub private_reads: bool,
    /// Others are shown the user as offline.
    pub hide_presence: bool,
}

/// A user who has read a message.
#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[schema(as = Reader)]
#[schemars(rename = "Reader")]
pub struct ReaderView {
    #[serde(flatten)]
    pub member: MemberView,
    /// When they read it, or the time of a later message up to which they have read the room.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}
