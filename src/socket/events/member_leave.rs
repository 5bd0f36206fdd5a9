//! `member:leave`: ends the caller's membership of a room. Every socket of the caller is sent `member:left`, and everybody
//! in the room is sent the new list of members.

use crate::{
    actions::member_leave,
    chat::{Result, id::RoomId},
    protocol::Nothing,
    socket::context::Context,
};

pub(in crate::socket) async fn handle(cx: Context, room_id: RoomId) -> Result<Nothing> {
    member_leave::run(&cx.app, cx.actor(), &room_id).await?;
    Ok(Nothing {})
}
