//! Opens the direct room with another user, and creates it if need be. Every socket of the other user is notified each
//! time; the actor's socket joins the room.

use super::Actor;
use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{Error, Result, direct, id::UserId, room::RoomType},
    clock,
    db::{
        self,
        rooms::{InsertedRoom, MadeBy, Room},
    },
    protocol::{DmStartedView, RoomView, event},
};

const NAME: &str = "Direct Message";

/// Returns the room with its two members.
pub async fn run(app: &App, actor: Actor<'_>, other: &UserId) -> Result<RoomView> {
    let caller = actor.user_id();
    if other == caller {
        return Err(Error::BadInput("A direct message needs another user than yourself".to_owned()));
    }
    app.access.user_name(actor.user_id()).await?;
    let room_id = match db::rooms::has_uuids(&app.db) {
        true => direct::room_uuid(caller, other),
        false => direct::room_id(caller, other),
    };
    app.config.limits.ensure_id("the room's id", room_id.as_str())?;
    let (first, second) = direct::sorted(caller, other);
    let members = vec![first.clone(), second.clone()];
    let room = Room::new(&room_id, NAME, RoomType::Direct, clock::now());
    let room = match db::make_room::make_room(&app.db, room, members.clone(), MadeBy::Member(caller)).await? {
        InsertedRoom::Room(room, _) => room,
        InsertedRoom::OthersInside => return Err(Error::Conflict("This direct room belongs to others")),
        InsertedRoom::NotInside => return Err(Error::Forbidden("You are no longer a member of this room")),
        InsertedRoom::UserMissing => return Err(Error::UserNotFound),
    };
    app.access.invalidate_room(&room_id).await;
    if let Some(socket) = actor.socket {
        app.rooms.listen(socket.client, &room_id, actor.user).await?;
        socket.state.enter(&room_id);
    }
    let room =
        RoomView { id: room_id, name: room.name, kind: room.kind.0, created_at: room.created_at, members };
    app.rooms.recount(&room.id, &room.members);
    let view = DmStartedView { room: &room, from: actor.user };
    if let Some(packet) = Encoded::new(event::DM_STARTED, &view) {
        app.broadcast.send(Target::User(other), Except::NOBODY, &packet);
    }
    Ok(room)
}
