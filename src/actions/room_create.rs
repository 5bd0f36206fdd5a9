//! Creates a room with the actor, who is its owner, and others as members. Every socket of each member is notified; a socket that wants
//! the room's events joins it.

use uuid::Uuid;

use super::Actor;
use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{
        Error, Result,
        id::{RoomId, UserId},
        room::RoomType,
    },
    clock,
    db::{
        self,
        rooms::{InsertedRoom, MadeBy, Room},
    },
    protocol::{RoomInvitedView, RoomView, event},
};

/// `members`: the members beside the actor.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    name: &str,
    kind: RoomType,
    mut members: Vec<UserId>,
) -> Result<RoomView> {
    app.access.user_name(actor.user_id()).await?;
    members.push(actor.user_id().clone());
    members.sort();
    members.dedup();
    let id = RoomId::from(Uuid::new_v4().to_string());
    let room = Room::new(&id, name.trim(), kind, clock::now());
    let made_by = MadeBy::Owner(actor.user_id());
    let (room, members) = match db::make_room::make_room(&app.db, room, members, made_by).await? {
        InsertedRoom::Room(room, members) => (room, members),
        InsertedRoom::UserMissing => return Err(Error::UserNotFound),
        InsertedRoom::OthersInside | InsertedRoom::NotInside => {
            return Err(Error::Conflict("A room of this id is there already"));
        }
    };
    if kind == RoomType::Public {
        app.access.invalidate_public_rooms().await;
    }
    let room = RoomView { id, name: room.name, kind: room.kind.0, created_at: room.created_at, members };
    app.rooms.recount(&room.id, &room.members);
    let view = RoomInvitedView { room: &room, from: actor.user };
    if let Some(packet) = Encoded::new(event::ROOM_INVITED, &view) {
        // The actor's own socket gets the room in the answer.
        let except = Except { socket: actor.socket.map(|socket| socket.client.id()), ..Except::NOBODY };
        for member in &room.members {
            app.broadcast.send(Target::User(member), except, &packet);
        }
    }
    Ok(room)
}
