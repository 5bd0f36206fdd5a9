//! `room:invite`: makes somebody a member of a room. Every socket of theirs is told, and who is in the room hears the new
//! list of members. Who is a member already stays one; nobody is told.

use serde::{Deserialize, Serialize};

use super::context::{Ask, Context};
use crate::{
    chat::{
        id::{RoomId, UserId},
        limits::Limits,
        room::{self, RoomType, personal_channel},
    },
    db,
    error::{Error, Result},
    protocol::{MemberView, RoomInvitedView, RoomMembersView, RoomView, event},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct RoomInvite {
    room_id: RoomId,
    user_id: UserId,
}

impl Ask for RoomInvite {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        limits.ensure_id("userId", self.user_id.as_str())
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

#[derive(Serialize)]
pub(super) struct Invited {
    members: Vec<MemberView>,
}

pub(super) async fn handle(cx: Context, ask: RoomInvite) -> Result<Invited> {
    let access = cx.ensure_may_enter(&ask.room_id).await?;
    if access.kind == RoomType::Direct {
        return Err(Error::Forbidden("A direct room is for two"));
    }
    let inviter = cx.user_id();
    if ask.user_id == *inviter {
        return Err(Error::Forbidden("You cannot invite yourself"));
    }
    cx.app.access.user_name(&ask.user_id).await?;
    let is_new = db::rooms::insert_member(&cx.app.db, &ask.room_id, &ask.user_id, inviter).await?;
    let stored = db::rooms::find(&cx.app.db, &ask.room_id).await?.ok_or(Error::RoomNotFound)?;
    let members = db::rooms::list_members(&cx.app.db, &ask.room_id).await?;
    if !is_new && !members.iter().any(|member| member.id == *inviter) {
        // The inviter was taken out a moment ago.
        cx.app.access.forget_room(&ask.room_id).await;
        room::ensure_may_enter(stored.kind.0, false)?;
    }
    if is_new {
        cx.app.access.forget_room(&ask.room_id).await;
        let view = RoomView {
            id: ask.room_id.clone(),
            name: stored.name,
            kind: stored.kind.0,
            created_at: stored.created_at.into(),
            members: members.iter().map(|member| member.id.clone()).collect(),
        };
        let told = RoomInvitedView { room: &view, from: &cx.session.user };
        cx.app.rooms.emit(&personal_channel(ask.user_id.as_str()), event::ROOM_INVITED, &told);
        let told = RoomMembersView { room_id: &ask.room_id, members: &members };
        cx.app.rooms.emit(ask.room_id.as_str(), event::ROOM_MEMBERS, &told);
    }
    Ok(Invited { members })
}
