//! `rooms:list`: the rooms that the caller is in, and those that are open to all, with what is unread in each. From then on
//! the caller is told what is said in their own.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::context::{Ask, Context};
use crate::{
    chat::{id::RoomId, limits::Limits, room::RoomType, timestamp::Timestamp},
    db::{self, rooms::Room},
    error::Result,
    protocol::MemberView,
};

/// Rooms that the caller is in and that are listed, at the most: those where something happened last.
const MOST: i64 = 500;

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct RoomsList {}

impl Ask for RoomsList {
    fn check(&self, _: &Limits) -> Result<()> {
        Ok(())
    }
}

#[derive(Serialize)]
pub(super) struct Rooms {
    /// Those where something was said last come first.
    rooms: Vec<ListedRoom>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedRoom {
    id: RoomId,
    name: String,
    #[serde(rename = "type")]
    kind: RoomType,
    created_at: Timestamp,
    is_member: bool,
    /// The other one, in a direct room.
    with: Option<MemberView>,
    last_message_at: Option<Timestamp>,
    /// Messages of others since the caller read it last: 99 stands for more, too. 0 in a room that the caller is not in
    /// and has never read.
    unread_count: i64,
}

pub(super) async fn handle(cx: Context, _: RoomsList) -> Result<Rooms> {
    let (db, caller) = (&cx.app.db, cx.user_id());
    // First this: what is said while the list is read may be told twice, but not missed.
    if cx.session.begin_watching() {
        cx.app.rooms.watch(caller);
    }
    let mine = db::room_list::list_of_user(db, caller, MOST).await?;
    let public = cx.app.access.list_public().await?;
    let is_mine = |id: &str| mine.iter().any(|room| room.id == id);
    let others = public.iter().filter(|room| !is_mine(&room.id)).cloned();
    let rooms: Vec<(Room, bool)> =
        others.map(|room| (room, false)).chain(mine.iter().cloned().map(|room| (room, true))).collect();

    let direct = mine.iter().filter(|room| room.kind.0 == RoomType::Direct);
    let direct: Vec<RoomId> = direct.map(|room| RoomId::from(room.id.as_str())).collect();
    let mut partners = db::room_list::list_partners(db, caller, &direct).await?;
    let ids: Vec<_> =
        rooms.iter().map(|(room, is_member)| (RoomId::from(room.id.as_str()), *is_member)).collect();
    let activity = db::room_list::list_activity(db, caller, &ids).await?;

    let mut rooms: Vec<ListedRoom> = rooms
        .into_iter()
        .map(|(room, is_member)| {
            let id = RoomId::from(room.id);
            let activity = activity.get(&id);
            ListedRoom {
                with: partners.remove(&id),
                last_message_at: activity.and_then(|activity| activity.last_message_at),
                unread_count: activity.map_or(0, |activity| activity.unread),
                id,
                name: room.name,
                kind: room.kind.0,
                created_at: room.created_at.into(),
                is_member,
            }
        })
        .collect();
    rooms.sort_by_key(|room| Reverse(room.last_message_at.unwrap_or(room.created_at)));
    Ok(Rooms { rooms })
}
