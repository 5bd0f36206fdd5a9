//! `member:join`: makes the caller a member of a public room. The caller's other sockets are sent `room:invited`, and
//! everybody in the room is sent the new list of members. If the caller is a member already, nothing is sent.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    actions::member_join,
    chat::{Result, id::RoomId},
    protocol::RoomView,
    socket::context::Context,
};

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Joined {
    room: RoomView,
}

pub(in crate::socket) async fn handle(cx: Context, room_id: RoomId) -> Result<Joined> {
    Ok(Joined { room: member_join::run(&cx.app, cx.actor(), &room_id).await? })
}
