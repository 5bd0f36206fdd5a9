//! `room:create`: a new room with the caller and others in it. Every socket of each is told; a socket that is
//! to hear the room joins it.

use serde::{Deserialize, Serialize};

use crate::{
    actions::room_create,
    chat::{id::UserId, limits::Limits, room::RoomType},
    error::{Error, Result},
    protocol::RoomView,
    socket::{context::Context, request::Request},
};

/// More are invited afterwards.
const MAX_MEMBERS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct RoomCreate {
    name: String,
    /// Public if absent.
    #[serde(rename = "type")]
    kind: Option<CreatedType>,
    /// Beside the caller.
    #[serde(default)]
    members: Vec<UserId>,
}

/// Direct rooms are made by `dm:start`.
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
