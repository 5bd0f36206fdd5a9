//! Rooms on the wire: as lists and answers show them, and the events about a room and its members.

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use super::{MemberView, TokenUserView};
use crate::chat::{
    id::{RoomId, UserId},
    room::RoomType,
    timestamp::Timestamp,
};

#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Room)]
#[schemars(rename = "Room")]
pub struct RoomView {
    #[schema(value_type = String)]
    pub id: RoomId,
    pub name: String,
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: RoomType,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Vec<String>)]
    pub members: Vec<UserId>,
}

/// A room of the list.
#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ListedRoom)]
#[schemars(rename = "ListedRoom")]
pub struct ListedRoomView {
    #[schema(value_type = String)]
    pub id: RoomId,
    pub name: String,
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: RoomType,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    pub is_member: bool,
    /// The other member of a direct room.
    pub with: Option<MemberView>,
    /// The time of the last message; replies that are only in their thread do not count.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_message_at: Option<Timestamp>,
    pub topic: Option<String>,
    /// The number of others' messages since the user last read the room; 99 means 99 or more.
    pub unread_count: i64,
    /// The number of messages that mention the user and are not read; 99 means 99 or more.
    pub mention_count: i64,
}

/// A room without its members.
#[derive(Clone, Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShownRoom)]
#[schemars(rename = "ShownRoom")]
pub struct ShownRoomView {
    #[schema(value_type = String)]
    pub id: RoomId,
    pub name: String,
    /// `public`, `private` or `direct`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: RoomType,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    pub topic: Option<String>,
    /// The user who created the room, if that was recorded.
    #[schema(value_type = Option<String>)]
    pub owner_id: Option<UserId>,
}

/// `room:members`: the members in the database, whether they are connected or not.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomMembersView<'a> {
    pub room_id: &'a RoomId,
    pub members: &'a [MemberView],
}

/// `room:updated`: the name and the topic of a room after a change, and the user who made it.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RoomUpdated")]
pub struct RoomUpdatedView<'a> {
    pub room_id: &'a RoomId,
    pub name: &'a str,
    pub topic: Option<&'a str>,
    pub by: &'a UserId,
    pub seq: i64,
}

#[derive(Debug, JsonSchema, Serialize)]
pub struct RoomInvitedView<'a> {
    pub room: &'a RoomView,
    pub from: &'a TokenUserView,
}

/// `member:left`, sent to the sockets of the user who is no longer a member.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberLeftView<'a> {
    pub room_id: &'a RoomId,
}
