//! Lists the members of a room who have read a message, to whoever may enter the room.

use super::Actor;
use crate::{
    app::App,
    chat::{Result, id::MessageId},
    db::readers::{self, Readers},
};

/// The most readers of a page, and those of one for which no limit is given.
pub const MAX_READERS: usize = 1_000;
pub const READERS: usize = 100;

/// Returns at most `limit` readers whose ids come after `last`, in the order of their ids.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    message_id: &MessageId,
    last: &str,
    limit: Option<usize>,
) -> Result<Readers> {
    let message = app.access.ensure_may_touch(actor.user_id(), message_id).await?;
    // A reader who has just come may not be stored yet.
    app.rooms.flush_read_marks().await;
    let limit = limit.filter(|limit| *limit > 0).unwrap_or(READERS).min(MAX_READERS);
    readers::list(&app.db, (message_id, &message), last, limit).await
}
