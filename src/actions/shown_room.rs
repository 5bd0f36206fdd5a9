//! A room as it is stored, for answers that show it.

use crate::{
    app::App,
    chat::{Error, Result, id::RoomId},
    db::{self, room_details::DetailedRoom},
    protocol::ShownRoomView,
};

/// Reads the room.
pub(super) async fn read(app: &App, room_id: &RoomId) -> Result<ShownRoomView> {
    let found = db::room_details::find_room(&app.db, room_id).await?;
    let DetailedRoom { room, topic, owner_id } = found.ok_or(Error::RoomNotFound)?;
    Ok(ShownRoomView {
        id: room_id.clone(),
        name: room.name,
        kind: room.kind.0,
        created_at: room.created_at,
        topic,
        owner_id,
    })
}
