//! Joins a socket that has just connected to the rooms that its user is a member of, without history and without an
//! announcement, as `socket.join` in Node does.

use futures_util::future::try_join_all;

use super::{ActingSocket, Actor};
use crate::{
    app::App,
    chat::{Error, Result, id::RoomId},
    db,
};

/// The most rooms: those with the latest activity.
const MAX_ROOMS: i64 = 500;
/// Rooms that are loaded at the same time.
const CONCURRENT: usize = 8;

pub async fn run(app: &App, actor: Actor<'_>, socket: ActingSocket<'_>) -> Result<()> {
    let rooms = db::room_list::list_of_user(&app.db, actor.user_id(), MAX_ROOMS).await?;
    let room_ids: Vec<RoomId> = rooms.into_iter().map(|listed| listed.room.id.into()).collect();
    for some in room_ids.chunks(CONCURRENT) {
        try_join_all(some.iter().map(|room_id| join(app, actor, socket, room_id))).await?;
    }
    Ok(())
}

async fn join(app: &App, actor: Actor<'_>, socket: ActingSocket<'_>, room_id: &RoomId) -> Result<()> {
    match app.access.ensure_may_enter(actor.user_id(), room_id).await {
        // The room, or the membership, was removed a moment ago.
        Err(Error::Forbidden(_) | Error::RoomNotFound) => return Ok(()),
        entered => drop(entered?),
    }
    app.rooms.listen(socket.client, room_id, actor.user).await?;
    socket.state.enter(room_id);
    Ok(())
}
