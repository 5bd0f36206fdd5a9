//! `room:mark-unread`: marks the room as unread from a message on, for the caller alone.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    actions::room_mark_unread,
    chat::{
        Result,
        id::{MessageId, RoomId},
        limits::Limits,
    },
    protocol::Nothing,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct RoomMarkUnread {
    room_id: RoomId,
    message_id: MessageId,
}

impl Request for RoomMarkUnread {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        limits.ensure_id("messageId", self.message_id.as_str())
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: RoomMarkUnread) -> Result<Nothing> {
    room_mark_unread::run(&cx.app, cx.actor(), &request.room_id, &request.message_id).await?;
    Ok(Nothing {})
}
