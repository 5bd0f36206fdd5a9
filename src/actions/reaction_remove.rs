//! Removes the actor's emoji from a message. If it is not there, nothing changes and nothing is sent.

use std::sync::Arc;

use super::{Actor, commit::commit};
use crate::{
    app::App,
    chat::{Result, id::MessageId},
    db::room_log::{Change, Unreact},
};

pub async fn run(app: &App, actor: Actor<'_>, message_id: MessageId, emoji: Arc<str>) -> Result<()> {
    let found = app.access.ensure_may_touch(actor.user_id(), &message_id).await?;
    commit(app, &actor, found.room_id, Change::Unreact(Unreact { message_id, emoji })).await?;
    Ok(())
}
