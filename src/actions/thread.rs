//! The step that the actions on threads share: the thread of a message, for whoever may enter its room.

use super::Actor;
use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{
        Error, Result,
        id::{MessageId, UserId},
    },
    db::threads::{self, FoundThread},
    protocol::{ThreadUnreadView, event},
};

/// Finds the thread that a message belongs to, or that hangs on it. One of a room that the actor may not enter is answered as
/// not found.
pub(super) async fn open(app: &App, actor: &Actor<'_>, message_id: &MessageId) -> Result<FoundThread> {
    let thread = threads::find(&app.db, message_id).await?.ok_or(Error::MessageNotFound)?;
    match app.access.ensure_may_enter(actor.user_id(), &thread.room_id).await {
        Ok(_) => Ok(thread),
        Err(error) if error.is_access_refusal() => Err(Error::MessageNotFound),
        Err(error) => Err(error),
    }
}

/// Counts a user's unread replies of a thread; 0 if they do not follow it.
pub(super) async fn count_unread(app: &App, thread: &FoundThread, user_id: &UserId) -> Result<i64> {
    let counts = threads::unread_of(&app.db, &thread.root_id, std::slice::from_ref(user_id)).await?;
    Ok(counts.first().map_or(0, |(_, count)| *count))
}

/// Tells all devices of a user how many replies of a thread they have not read. Returns the number.
pub(super) async fn push_unread(app: &App, thread: &FoundThread, user_id: &UserId) -> Result<i64> {
    let unread_count = count_unread(app, thread, user_id).await?;
    let view = ThreadUnreadView { root_id: &thread.root_id, room_id: &thread.room_id, unread_count };
    if let Some(packet) = Encoded::new(event::THREAD_UNREAD, &view) {
        app.broadcast.send(Target::User(user_id), Except::NOBODY, &packet);
    }
    Ok(unread_count)
}
