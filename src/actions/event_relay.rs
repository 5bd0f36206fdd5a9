//! Relays an event that chatoxide does not know to the others in a room, or to a user who shares a room with the actor.

use super::{ActingSocket, Actor};
use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{
        Error, Result,
        id::{RoomId, UserId},
    },
    db,
};

pub enum Recipient {
    Room(RoomId),
    User(UserId),
}

pub async fn run(
    app: &App,
    actor: Actor<'_>,
    socket: ActingSocket<'_>,
    recipient: &Recipient,
    packet: Encoded,
) -> Result<()> {
    match recipient {
        Recipient::Room(room_id) => {
            app.access.ensure_may_enter(actor.user_id(), room_id).await?;
            app.rooms.push_ephemeral(Some(socket.client), room_id, Some(packet));
        }
        Recipient::User(user_id) => {
            ensure_shares_a_room(app, actor.user_id(), user_id).await?;
            let except = Except { socket: Some(socket.client.id()), ..Except::NOBODY };
            app.broadcast.send(Target::User(user_id), except, &packet);
        }
    }
    Ok(())
}

/// A user whom the actor shares no room with is as one who does not exist. The actor's own devices are always reached.
async fn ensure_shares_a_room(app: &App, actor: &UserId, user_id: &UserId) -> Result<()> {
    let is_known = actor == user_id
        || !db::rooms::list_sharing(&app.db, actor, std::slice::from_ref(user_id)).await?.is_empty();
    if is_known { Ok(()) } else { Err(Error::UserNotFound) }
}
