//! `room:invite`: makes a user a member of a room. Every socket of that user is notified, and everybody in the room is
//! sent the new list of members. If the user is a member already, nothing is sent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::room_invite,
    chat::{
        Result,
        id::{RoomId, UserId},
        limits::Limits,
    },
    protocol::MemberView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct RoomInvite {
    room_id: RoomId,
    user_id: UserId,
}

impl Request for RoomInvite {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        limits.ensure_id("userId", self.user_id.as_str())
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Invited {
    members: Vec<MemberView>,
}

pub(in crate::socket) async fn handle(cx: Context, request: RoomInvite) -> Result<Invited> {
    let members = room_invite::run(&cx.app, cx.actor(), &request.room_id, &request.user_id).await?;
    Ok(Invited { members })
}
