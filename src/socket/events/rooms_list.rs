//! `rooms:list`: lists the rooms that the caller is a member of, and the public rooms, with the unread count of each.
//! From then on the caller's socket is sent `room:activity` for the caller's own rooms.

use serde::{Deserialize, Serialize};

use crate::{
    actions::rooms_list::{self, ListedRoom},
    chat::{Result, id::RoomId, limits::Limits, room::RoomType, timestamp::Timestamp},
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
    /// The rooms, the last active first.
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
    /// The other member of a direct room.
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
