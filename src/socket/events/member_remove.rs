//! `member:remove`: the owner of a room ends the membership of another user. Every socket of that user is sent
//! `member:left`, and everybody in the room is sent the new list of members.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    actions::member_remove,
    chat::{
        Result,
        id::{RoomId, UserId},
        limits::Limits,
    },
    protocol::Nothing,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MemberRemove {
    room_id: RoomId,
    user_id: UserId,
}

impl Request for MemberRemove {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        limits.ensure_id("userId", self.user_id.as_str())
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: MemberRemove) -> Result<Nothing> {
    member_remove::run(&cx.app, cx.actor(), &request.room_id, &request.user_id).await?;
    Ok(Nothing {})
}
