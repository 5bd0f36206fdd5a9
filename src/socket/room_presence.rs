//! `room:presence`: who is in a room at this moment. What happens after it is told by `room:user-joined` and
//! `room:user-left`.

use serde::Serialize;

use super::context::Context;
use crate::{
    chat::id::{RoomId, UserId},
    error::Result,
};

/// Users that are listed at the most.
const MOST: usize = 500;

#[derive(Serialize)]
pub(super) struct Presence {
    users: Vec<UserId>,
    count: usize,
}

pub(super) async fn handle(cx: Context, room_id: RoomId) -> Result<Presence> {
    cx.ensure_may_enter(&room_id).await?;
    let (users, count) = cx.app.rooms.list_present(&room_id, MOST);
    Ok(Presence { users, count })
}
