//! `room:create`: a new room with the caller and others in it. Every socket of each is told; who wants to hear the room
//! joins it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::context::{Ask, Context};
use crate::{
    chat::{
        id::{RoomId, UserId},
        limits::Limits,
        room::{RoomType, personal_channel},
    },
    clock,
    db::{
        self,
        rooms::{Made, Room},
    },
    error::{Error, Result},
    protocol::{RoomInvitedView, RoomView, event},
};

/// More are invited afterwards.
const MOST_MEMBERS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct RoomCreate {
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

impl Ask for RoomCreate {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_room_name(&self.name)?;
        if self.members.len() > MOST_MEMBERS {
            return Err(Error::BadInput(format!("too many members (at most {MOST_MEMBERS} at first)")));
        }
        self.members.iter().try_for_each(|member| limits.ensure_id("members", member.as_str()))
    }
}

#[derive(Serialize)]
pub(super) struct Created {
    room: RoomView,
}

pub(super) async fn handle(cx: Context, ask: RoomCreate) -> Result<Created> {
    let caller = cx.user_id().clone();
    cx.app.access.ensure_user(&cx.session.claims).await?;
    let mut members = ask.members;
    members.push(caller.clone());
    members.sort();
    members.dedup();
    let known = db::users::list_names(&cx.app.db, members.clone()).await?;
    if known.len() < members.len() {
        return Err(Error::UserNotFound);
    }
    let kind = match ask.kind {
        None | Some(CreatedType::Public) => RoomType::Public,
        Some(CreatedType::Private) => RoomType::Private,
    };
    let id = RoomId::from(Uuid::new_v4().to_string());
    let room = Room::new(&id, ask.name.trim(), kind, clock::now());
    let Made::Room(room) = db::rooms::insert_with_members(&cx.app.db, room, members.clone(), None).await?
    else {
        return Err(Error::Conflict("A room of this id is there already"));
    };
    if kind == RoomType::Public {
        cx.app.access.forget_public().await;
    }
    let room =
        RoomView { id, name: room.name, kind: room.kind.0, created_at: room.created_at.into(), members };
    let told = RoomInvitedView { room: &room, from: &cx.session.user };
    for member in &room.members {
        let channel = personal_channel(member.as_str());
        if *member == caller {
            cx.seat.emit_to_others(&channel, event::ROOM_INVITED, &told);
        } else {
            cx.app.rooms.emit(&channel, event::ROOM_INVITED, &told);
        }
    }
    Ok(Created { room })
}
