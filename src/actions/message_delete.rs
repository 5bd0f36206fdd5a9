//! Deletes a message and its reactions.

use super::{Actor, commit::commit};
use crate::{
    app::App,
    chat::{Error, Result, id::MessageId, permission},
    db::room_log::{Appended, Change, Delete},
};

pub async fn run(app: &App, actor: Actor<'_>, message_id: MessageId) -> Result<()> {
    let found = app.access.find_message(&message_id).await?.ok_or(Error::DeleteRefused)?;
    permission::ensure_may_delete(actor.user_id(), &found.sender_id)?;
    app.access.ensure_may_enter(actor.user_id(), &found.room_id).await?;
    match commit(app, &actor, found.room_id, Change::Delete(Delete { message_id })).await?.appended {
        Appended::Entry(_) => Ok(()),
        _ => Err(Error::DeleteRefused),
    }
}
