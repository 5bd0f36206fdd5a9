//! `dm:start`: the direct room with another user, made if need be. Every socket of the other is told each time; the
//! caller's socket hears the room from then on.

use serde::Serialize;

use super::context::{Ask, Context};
use crate::{
    chat::{
        direct,
        id::UserId,
        limits::Limits,
        room::{RoomType, personal_channel},
    },
    clock,
    db::{
        self,
        rooms::{Made, Room},
    },
    error::{Error, Result},
    protocol::{DmStartedView, RoomView, event},
};

const NAME: &str = "Direct Message";

impl Ask for UserId {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("userId", self.as_str())
    }
}

#[derive(Serialize)]
pub(super) struct Started {
    room: RoomView,
    members: Vec<UserId>,
}

pub(super) async fn handle(cx: Context, other: UserId) -> Result<Started> {
    let caller = cx.user_id().clone();
    if other == caller {
        return Err(Error::BadInput("A direct message needs another user than yourself".to_owned()));
    }
    cx.app.access.ensure_user(&cx.session.claims).await?;
    cx.app.access.user_name(&other).await?;
    let room_id = direct::room_id(&caller, &other);
    cx.app.config.limits.ensure_id("the room's id", room_id.as_str())?;
    let (first, second) = direct::sorted(&caller, &other);
    let members = vec![first.clone(), second.clone()];
    let room = Room::new(&room_id, NAME, RoomType::Direct, clock::now());
    let room = match db::rooms::insert_with_members(&cx.app.db, room, members.clone(), Some(&caller)).await? {
        Made::Room(room) => room,
        Made::OthersInside => return Err(Error::Conflict("This direct room belongs to others")),
        Made::NotInside => return Err(Error::Forbidden("You are no longer a member of this room")),
    };
    cx.app.access.forget_room(&room_id).await;
    cx.app.rooms.listen(&cx.seat, &room_id, &cx.session.user).await?;
    cx.session.entered(&room_id);
    let room = RoomView {
        id: room_id,
        name: room.name,
        kind: room.kind.0,
        created_at: room.created_at.into(),
        members: members.clone(),
    };
    let told = DmStartedView { room: &room, from: &cx.session.user };
    cx.app.rooms.emit(&personal_channel(other.as_str()), event::DM_STARTED, &told);
    Ok(Started { room, members })
}
