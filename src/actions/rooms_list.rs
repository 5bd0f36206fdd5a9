//! Lists the rooms that the actor is a member of, and the public rooms, with the unread count of each. From then on the
//! actor's socket is sent `room:unread` when a count changes, and `room:activity` for the actor's own rooms.

use std::{cmp::Reverse, collections::HashMap};

use futures_util::future::join;

use super::Actor;
use crate::{
    app::App,
    chat::{Result, id::RoomId, room::RoomType, timestamp::Timestamp},
    db::{self, room_list::RoomWithTopic, unread::Unread},
    protocol::{ListedRoomView, MemberView},
};

/// The most rooms of the actor that are listed: those with the latest activity.
const MAX_ROOMS: i64 = 500;

/// A room as its reader sees it in a list.
pub struct ListedRoom {
    pub id: RoomId,
    pub name: String,
    pub kind: RoomType,
    pub created_at: Timestamp,
    pub is_member: bool,
    /// The other member of a direct room.
    pub partner: Option<MemberView>,
    pub last_message_at: Option<Timestamp>,
    pub topic: Option<String>,
    /// The number of others' messages since the actor last read the room; 99 means 99 or more. 0 in a room that the
    /// actor is not a member of and has never read.
    pub unread: i64,
    /// The number of messages that mention the actor and are not read; 99 means 99 or more.
    pub mentions: i64,
}

impl From<ListedRoom> for ListedRoomView {
    fn from(room: ListedRoom) -> Self {
        Self {
            id: room.id,
            name: room.name,
            kind: room.kind,
            created_at: room.created_at,
            is_member: room.is_member,
            with: room.partner,
            last_message_at: room.last_message_at,
            topic: room.topic,
            unread_count: room.unread,
            mention_count: room.mentions,
        }
    }
}

/// Returns the rooms, the last active first.
pub async fn run(app: &App, actor: Actor<'_>) -> Result<Vec<ListedRoom>> {
    let (db, caller) = (&app.db, actor.user_id());
    // Subscribe first: a message that is sent while the list is read may be counted twice, but is never missed.
    if let Some(socket) = actor.socket
        && socket.state.begin_watching()
    {
        app.rooms.watch(caller, socket.client.id());
    }
    let version = app.rooms.unread_version();
    app.rooms.flush_read_marks_of(caller).await;
    let (mine, public) =
        join(db::room_list::list_of_user(db, caller, MAX_ROOMS), app.access.list_public()).await;
    let (mine, public) = (mine?, public?);
    let is_mine = |id: &str| mine.iter().any(|mine| mine.room.id == id);
    let others = public.iter().filter(|room| !is_mine(&room.room.id)).cloned();
    let rooms: Vec<(RoomWithTopic, bool)> =
        others.map(|room| (room, false)).chain(mine.iter().cloned().map(|room| (room, true))).collect();

    let direct = mine.iter().map(|mine| &mine.room).filter(|room| room.kind.0 == RoomType::Direct);
    let direct: Vec<RoomId> = direct.map(|room| RoomId::from(room.id.as_str())).collect();
    let ids: Vec<_> =
        rooms.iter().map(|(room, _)| (RoomId::from(room.room.id.as_str()), caller.clone())).collect();
    // At once: the database may be far away.
    let (partners, activity) =
        join(db::room_list::list_partners(db, caller, &direct), db::unread::list(db, &ids, true)).await;
    let (mut partners, activity) = (partners?, activity?);
    if actor.socket.is_some() {
        app.rooms.note_listed(version, &activity);
    }
    let activity: HashMap<&RoomId, &Unread> =
        activity.iter().map(|activity| (&activity.room_id, activity)).collect();

    let mut rooms: Vec<ListedRoom> = rooms
        .into_iter()
        .map(|(RoomWithTopic { room, topic }, is_member)| {
            let id = RoomId::from(room.id);
            let activity = activity.get(&id);
            ListedRoom {
                partner: partners.remove(&id),
                last_message_at: activity.and_then(|activity| activity.last_message_at),
                unread: activity.map_or(0, |activity| activity.count),
                mentions: activity.map_or(0, |activity| activity.mentions),
                id,
                topic,
                name: room.name,
                kind: room.kind.0,
                created_at: room.created_at,
                is_member,
            }
        })
        .collect();
    rooms.sort_by_key(|room| Reverse(room.last_message_at.unwrap_or(room.created_at)));
    Ok(rooms)
}
