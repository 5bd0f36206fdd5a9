//! Marks a thread as read up to a reply, for the actor alone. The mark never goes back.

use super::{Actor, thread};
use crate::{
    app::App,
    chat::{Error, Result, id::MessageId},
    db::threads,
};

/// `root_id`: the root, or any reply. Returns the unread replies that are left, which all of the actor's devices are told.
pub async fn run(app: &App, actor: Actor<'_>, root_id: &MessageId, read_id: &MessageId) -> Result<i64> {
    let found = thread::open(app, &actor, root_id).await?;
    let place = threads::place_of(&app.db, &found.root_id, read_id).await?;
    let place = place.ok_or(Error::MessageNotFound)?;
    threads::mark_read(&app.db, &found, actor.user_id(), &place).await?;
    thread::push_unread(app, &found, actor.user_id()).await
}
