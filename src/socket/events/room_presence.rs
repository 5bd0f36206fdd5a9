//! `room:presence`: lists the users who are in a room at this moment. Later changes are sent as `room:user-joined` and
//! `room:user-left`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    actions::room_presence,
    chat::{
        Result,
        id::{RoomId, UserId},
    },
    socket::context::Context,
};

/// The most users that are listed.
const MAX_USERS: usize = 500;

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Presence {
    users: Vec<UserId>,
    count: usize,
}

pub(in crate::socket) async fn handle(cx: Context, room_id: RoomId) -> Result<Presence> {
    let (users, count) = room_presence::run(&cx.app, cx.actor(), &room_id, MAX_USERS).await?;
    Ok(Presence { users, count })
}
