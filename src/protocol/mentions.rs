//! Mentions, as the mentioned are told of them, and find them in their inbox.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::chat::{
    id::{MessageId, RoomId, UserId},
    timestamp::Timestamp,
};

/// A message that mentions a user, as they find it in their inbox: an excerpt of it.
#[derive(Debug, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Mention)]
#[schemars(rename = "Mention")]
pub struct MentionView {
    #[schema(value_type = String)]
    pub message_id: MessageId,
    #[schema(value_type = String)]
    pub room_id: RoomId,
    pub sender: MentionSenderView,
    /// `user`: by name or id; `here`: as one who was online; `room`: as a member.
    pub kind: &'static str,
    /// The beginning of the message, of at most 200 characters; an ellipsis follows if there is more.
    pub excerpt: String,
    /// The time of the mention: of the message, or of the edit that added it.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub is_unread: bool,
}

/// The author of a message that mentions a user, by their name in the database.
#[derive(Debug, JsonSchema, Serialize, ToSchema)]
#[schema(as = MentionSender)]
#[schemars(rename = "MentionSender")]
pub struct MentionSenderView {
    #[schema(value_type = String)]
    pub id: UserId,
    #[schema(value_type = String)]
    pub name: Arc<str>,
}

/// `mention:read`: the user has read all mentions up to then, on some device.
#[derive(Debug, JsonSchema, Serialize)]
pub struct MentionReadView {
    pub at: Timestamp,
}
