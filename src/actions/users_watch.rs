//! Watches whether users are online by any device. Only users who share a room with the actor are watched, and members of a
//! public room that the socket is in: a guest there sees its members, too.

use std::collections::HashSet;

use super::{ActingSocket, Actor};
use crate::{
    app::App,
    chat::{Error, Result, id::UserId, room::RoomType},
    db,
};

/// The most of a socket's rooms whose members are watched without being one: those that were joined last.
const MAX_GUEST_ROOMS: usize = 20;

/// Replaces the users that the socket watches; returns those who are online.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    socket: ActingSocket<'_>,
    user_ids: &[UserId],
) -> Result<Vec<UserId>> {
    let mut watched = db::rooms::list_sharing(&app.db, actor.user_id(), user_ids).await?;
    let mut strangers: HashSet<&UserId> = user_ids.iter().collect();
    for user_id in &watched {
        strangers.remove(user_id);
    }
    for room_id in socket.state.last_rooms(MAX_GUEST_ROOMS) {
        if strangers.is_empty() {
            break;
        }
        let room = match app.access.room(&room_id).await {
            Err(Error::RoomNotFound) => continue,
            found => found?,
        };
        if room.kind == RoomType::Public {
            let members = app.access.list_members(&room_id, &room).await?;
            watched.extend(members.iter().filter_map(|member| strangers.take(&member.id)).cloned());
        }
    }
    watched.sort();
    app.online.watch(socket.client.id(), watched).await
}
