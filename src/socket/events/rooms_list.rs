//! `rooms:list`: lists the rooms that the caller is a member of, and the public rooms, with the unread count of each.
//! From then on the caller's socket is sent `room:activity` for the caller's own rooms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::rooms_list,
    chat::{Result, limits::Limits},
    protocol::ListedRoomView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct RoomsList {}

impl Request for RoomsList {
    fn check(&self, _: &Limits) -> Result<()> {
        Ok(())
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Rooms {
    /// The rooms, the last active first.
    rooms: Vec<ListedRoomView>,
}

pub(in crate::socket) async fn handle(cx: Context, _: RoomsList) -> Result<Rooms> {
    let rooms = rooms_list::run(&cx.app, cx.actor()).await?;
    Ok(Rooms { rooms: rooms.into_iter().map(ListedRoomView::from).collect() })
}
