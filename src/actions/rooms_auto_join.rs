//! Joins a socket that has just connected to the rooms that its user is a member of, without history and without an
//! announcement, as `socket.join` in Node does.

use futures_util::future::try_join_all;

use super::{ActingSocket, Actor};
use crate::{
    app::App,
    chat::{Error, Result, id::RoomId},
    clock, db,
};

/// The most rooms of a user: each socket takes memory for each of its rooms.
const MAX_ROOMS: usize = 10_000;
/// The rooms that are listed at once, in the order of their ids.
const PAGE: usize = 1_000;
/// Rooms that are loaded at the same time.
const CONCURRENT: usize = 8;

pub async fn run(app: &App, actor: Actor<'_>, socket: ActingSocket<'_>) -> Result<()> {
    let (mut last, mut joined) = (RoomId::from(""), 0);
    loop {
        let list = db::rooms::list_ids_of_user(&app.db, actor.user_id(), &last, PAGE);
        // A member of many rooms may wait longer in all than one event may.
        let page = clock::within(app.config.database_timeout, list).await?;
        for some in page.chunks(CONCURRENT) {
            let join_some = try_join_all(some.iter().map(|room_id| join(app, actor, socket, room_id)));
            clock::within(app.config.database_timeout, join_some).await?;
        }
        joined += page.len();
        match page.into_iter().last() {
            Some(next) if joined < MAX_ROOMS => last = next,
            Some(_) => {
                tracing::warn!(user = %actor.user_id(), rooms = joined, "a user has more rooms than are joined by themselves");
                return Ok(());
            }
            None => return Ok(()),
        }
    }
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
