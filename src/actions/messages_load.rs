//! Loads a page of history. A client names its cursor only by a millisecond, which several messages may share, so the
//! page begins where this socket's last page ended.

use super::Actor;
use crate::{
    app::App,
    chat::{Result, id::RoomId, message::Place, timestamp::Timestamp},
    db,
    protocol::MessageView,
};

/// Returns at most `limit` messages older than `before`, newest first.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    room_id: &RoomId,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<MessageView>> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    app.rooms.compare_if_due(room_id).await;
    let page_ends = actor.socket.map(|socket| &socket.state.page_ends);
    let begin = page_ends.map_or_else(|| Place::below(before), |ends| ends.begin(room_id, before));
    let page = db::messages::list_older(&app.db, room_id, &begin, limit).await?;
    if let (Some(last), Some(page_ends)) = (page.messages.last(), page_ends) {
        page_ends.note(room_id, last.place(), page.ends_in_tie);
    }
    Ok(page.messages)
}
