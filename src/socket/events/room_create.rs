//! `room:create`: creates a room with the caller and others as members. Every socket of each member is notified; a
//! socket that wants the room's events joins it.

use serde::{Deserialize, Serialize};

use crate::{
    actions::room_create,
    chat::{Error, Result, id::UserId, limits::Limits, room::RoomType},
    protocol::RoomView,
    socket::{context::Context, request::Request},
};

/// The most members beside the caller. More can be invited afterwards.
const MAX_MEMBERS: usize = 100;

#[derive(Deserialize)]
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

/// The types that a client may create. Direct rooms are created by `dm:start`.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CreatedType {
    Public,
    Private,
}

impl Request for RoomCreate {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_room_name(&self.name)?;
        if self.members.len() > MAX_MEMBERS {
            return Err(Error::BadInput(format!("too many members (at most {MAX_MEMBERS} at first)")));
        }
        self.members.iter().try_for_each(|member| limits.ensure_id("members", member.as_str()))
    }
}

#[derive(Serialize)]
pub(in crate::socket) struct Created {
    room: RoomView,
}

pub(in crate::socket) async fn handle(cx: Context, request: RoomCreate) -> Result<Created> {
    let kind = match request.kind {
        None | Some(CreatedType::Public) => RoomType::Public,
        Some(CreatedType::Private) => RoomType::Private,
    };
    let room = room_create::run(&cx.app, cx.actor(), &request.name, kind, request.members).await?;
    Ok(Created { room })
}
