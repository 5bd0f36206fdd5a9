//! A message as the original writes it into its list in Redis.

use serde::Serialize;
use serde_json::Value;

use crate::{
    chat::{
        id::{MessageId, RoomId, UserId},
        message::MessageType,
        timestamp::Timestamp,
    },
    protocol::MessageView,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedMessage<'a> {
    id: &'a MessageId,
    room_id: &'a RoomId,
    sender_id: &'a UserId,
    content: &'a str,
    #[serde(rename = "type")]
    kind: MessageType,
    metadata: &'a Value,
    reply_to: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
    sender_name: &'a str,
}

/// The message as JSON.
pub(super) fn listed(message: &MessageView) -> serde_json::Result<String> {
    serde_json::to_string(&ListedMessage {
        id: &message.id,
        room_id: &message.room_id,
        sender_id: &message.sender_id,
        content: &message.content,
        kind: message.kind,
        metadata: &message.metadata,
        reply_to: message.reply_to.as_deref(),
        created_at: message.created_at,
        updated_at: message.updated_at,
        sender_name: &message.sender_name,
    })
}
