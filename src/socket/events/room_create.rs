//! `room:create`: creates a room with the caller and others as members. Every socket of each member is notified; a
//! socket that wants the room's events joins it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::room_create,
    chat::{Result, id::UserId, limits::Limits, room::CreatedType},
    protocol::RoomView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct RoomCreate {
    name: String,
    /// Public if absent.
    #[serde(rename = "type")]
    kind: Option<CreatedType>,
    /// The members beside the caller.
    #[serde(default)]
    members: Vec<UserId>,
}

impl Request for RoomCreate {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_room_name(&self.name)?;
        limits.ensure_first_members(&self.members)
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Created {
    room: RoomView,
}

pub(in crate::socket) async fn handle(cx: Context, request: RoomCreate) -> Result<Created> {
    let kind = request.kind.unwrap_or_default().into();
    let room = room_create::run(&cx.app, cx.actor(), &request.name, kind, request.members).await?;
    Ok(Created { room })
}
