//! `room:update`: changes a room's name or topic. Everybody in the room is sent `room:updated`, and so are the members
//! whose sockets have asked for their list of rooms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::room_update,
    chat::{Result, id::RoomId, json, limits::Limits},
    db::room_log::UpdateRoom,
    protocol::ShownRoomView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct RoomUpdate {
    room_id: RoomId,
    name: Option<String>,
    /// Null takes the topic away; without it the topic stays.
    #[serde(default, deserialize_with = "json::present")]
    topic: Option<Option<String>>,
}

impl Request for RoomUpdate {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        limits.ensure_room_update(self.name.as_deref(), self.topic.as_ref().map(Option::as_deref))
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Updated {
    room: ShownRoomView,
}

pub(in crate::socket) async fn handle(cx: Context, request: RoomUpdate) -> Result<Updated> {
    let update = UpdateRoom::new(request.name.as_deref(), request.topic);
    let room = room_update::run(&cx.app, cx.actor(), &request.room_id, update).await?;
    Ok(Updated { room })
}
