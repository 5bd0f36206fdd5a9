//! `dm:start`: opens the direct room with another user, and creates it if need be. Every socket of the other user is
//! notified each time; the caller's socket joins the room.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    actions::dm_start,
    chat::{Result, id::UserId, limits::Limits},
    protocol::RoomView,
    socket::{context::Context, request::Request},
};

impl Request for UserId {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("userId", self.as_str())
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Started {
    room: RoomView,
    members: Vec<UserId>,
}

pub(in crate::socket) async fn handle(cx: Context, other: UserId) -> Result<Started> {
    let room = dm_start::run(&cx.app, cx.actor(), &other).await?;
    Ok(Started { members: room.members.clone(), room })
}
