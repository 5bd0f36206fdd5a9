//! Changes a room's name or topic. Everybody in the room is sent the change, and so are the members who watch their list
//! of rooms. If the room has the name and the topic already, nothing is sent.

use super::{Actor, commit::commit, shown_room};
use crate::{
    app::App,
    broadcast::Encoded,
    chat::{Error, Result, id::RoomId, permission, room::RoomType},
    db::{
        self,
        room_log::{Appended, Change, UpdateRoom},
    },
    protocol::ShownRoomView,
};

/// Returns the room as it is stored afterwards.
pub async fn run(app: &App, actor: Actor<'_>, room_id: &RoomId, update: UpdateRoom) -> Result<ShownRoomView> {
    let access = app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    let is_member = db::rooms::is_member(&app.db, room_id, actor.user_id()).await?;
    permission::ensure_may_update(access.kind, is_member)?;
    let committed = commit(app, &actor, room_id.clone(), Change::UpdateRoom(update)).await?;
    match committed.appended {
        Appended::Entry(entry) => {
            if access.kind == RoomType::Public {
                app.access.invalidate_public_rooms().await;
            }
            let encode = || entry.event().and_then(|(event, view)| Encoded::new(event, &view));
            if let Some(packet) = committed.sent.or_else(encode) {
                app.rooms.push_to_watchers(&app.access, room_id, &packet).await;
            }
        }
        Appended::NotFound => return Err(Error::RoomNotFound),
        _ => {}
    }
    shown_room::read(app, room_id).await
}
