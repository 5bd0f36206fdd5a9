//! Marks all mentions of the actor as read, up to now. All of the actor's devices are told.

use super::Actor;
use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{Result, cursor, timestamp::Timestamp},
    clock, db,
    protocol::{MentionReadView, event},
};

/// Returns the time up to which mentions are read. That of the newest one may be ahead of the clock, as its message's
/// time is.
pub async fn run(app: &App, actor: Actor<'_>) -> Result<Timestamp> {
    let newest = db::mentions::list(&app.db, actor.user_id(), &cursor::newest(), 1).await?;
    let at = newest.first().map_or(clock::now(), |mention| mention.at.max(clock::now()));
    db::mentions::mark_read(&app.db, actor.user_id(), at).await?;
    app.rooms.recount_mentions(actor.user_id());
    if let Some(packet) = Encoded::new(event::MENTION_READ, &MentionReadView { at }) {
        app.broadcast.send(Target::User(actor.user_id()), Except::NOBODY, &packet);
    }
    Ok(at)
}
