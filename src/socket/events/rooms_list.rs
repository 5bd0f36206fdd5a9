//! `rooms:list`: the rooms that the caller is in, and those that are open to all, with what is unread in each. From then on
//! the caller is told what is said in their own.

use serde::{Deserialize, Serialize};

use crate::{
    actions::rooms_list::{self, ListedRoom},
    chat::{id::RoomId, limits::Limits, room::RoomType, timestamp::Timestamp},
    error::Result,
    protocol::MemberView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct RoomsList {}

impl Request for RoomsList {
    fn check(&self, _: &Limits) -> Result<()> {
        Ok(())
    }
}

#[derive(Serialize)]
pub(in crate::socket) struct Rooms {
    /// The last active first.
    rooms: Vec<RoomView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomView {
    id: RoomId,
    name: String,
    #[serde(rename = "type")]
    kind: RoomType,
    created_at: Timestamp,
    is_member: bool,
    /// The other one, in a direct room.
    with: Option<MemberView>,
    last_message_at: Option<Timestamp>,
    unread_count: i64,
}

impl From<ListedRoom> for RoomView {
    fn from(room: ListedRoom) -> Self {
        Self {
            id: room.id,
            name: room.name,
            kind: room.kind,
            created_at: room.created_at,
            is_member: room.is_member,
            with: room.partner,
            last_message_at: room.last_message_at,
            unread_count: room.unread,
        }
    }
}

pub(in crate::socket) async fn handle(cx: Context, _: RoomsList) -> Result<Rooms> {
    let rooms = rooms_list::run(&cx.app, cx.actor()).await?;
    Ok(Rooms { rooms: rooms.into_iter().map(RoomView::from).collect() })
}
