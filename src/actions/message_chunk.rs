//! Takes a chunk of a long message, or of the new content of one. Nothing is stored or sent before the last one is there.

use std::time::Instant;

use super::Actor;
use crate::{
    app::App,
    chat::{Error, Result, permission},
    chunks::{Part, Received, Subject},
};

/// Returns the whole content with its last chunk. The caller then sends or edits the message, as if it had come whole.
pub async fn run(app: &App, actor: Actor<'_>, part: Part) -> Result<Received> {
    part.chunk.ensure_possible()?;
    ensure_may_begin(app, actor, &part.subject).await?;
    app.chunks.add(actor.user_id(), part, Instant::now())
}

/// Nobody makes the server keep a long content for a message that they may not send or edit.
pub async fn ensure_may_begin(app: &App, actor: Actor<'_>, subject: &Subject) -> Result<()> {
    match subject {
        Subject::New { room_id, .. } => {
            app.access.ensure_may_enter(actor.user_id(), room_id).await?;
        }
        Subject::Edit(message_id) => {
            let found = app.access.find_message(message_id).await?.ok_or(Error::MessageNotFound)?;
            permission::ensure_may_edit(actor.user_id(), &found.sender_id)?;
            app.access.ensure_may_enter(actor.user_id(), &found.room_id).await?;
        }
    }
    Ok(())
}
