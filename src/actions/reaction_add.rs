//! Adds an emoji to a message. If it is there already, nothing changes and nothing is sent.

use std::sync::Arc;

use super::{Actor, commit::commit};
use crate::{
    app::App,
    chat::{Error, Result, id::MessageId, limits::TOO_MANY_REACTIONS},
    db::room_log::{Appended, Change, React},
};

pub async fn run(app: &App, actor: Actor<'_>, message_id: MessageId, emoji: Arc<str>) -> Result<()> {
    let found = app.access.ensure_may_touch(actor.user_id(), &message_id).await?;
    match commit(app, &actor, found.room_id, Change::React(React { message_id, emoji })).await?.appended {
        Appended::NotFound => Err(Error::MessageNotFound),
        Appended::TooManyReactions => Err(Error::Conflict(TOO_MANY_REACTIONS)),
        _ => Ok(()),
    }
}
