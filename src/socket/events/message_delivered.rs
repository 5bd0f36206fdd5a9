//! `message:delivered`: the room's messages have reached the caller's device up to an entry. The event is known only with
//! `DELIVERY_RECEIPTS`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    actions::message_delivered,
    chat::{Result, id::RoomId, limits::Limits},
    protocol::Nothing,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MessageDelivered {
    room_id: RoomId,
    seq: i64,
}

impl Request for MessageDelivered {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        limits.ensure_seq(self.seq)
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: MessageDelivered) -> Result<Nothing> {
    message_delivered::run(&cx.app, cx.actor(), &request.room_id, request.seq).await?;
    Ok(Nothing {})
}
