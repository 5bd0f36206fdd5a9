//! Returns one room, to whoever may enter it.

use super::Actor;
use crate::{
    app::App,
    chat::{Error, Result, id::RoomId},
    db::{self, rooms::Room},
};

pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId) -> Result<Room> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    db::rooms::find(&app.db, room_id).await?.ok_or(Error::RoomNotFound)
}
