//! Replaces the content of a message. Another user's message is answered as not found.

use super::{Actor, CommittedMessage, commit::commit, mention};
use crate::{
    app::App,
    chat::{Error, Result, id::MessageId, permission},
    db::{
        room_log::{Appended, Change, Edit},
        threads,
    },
};

/// Returns the edited message.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    message_id: MessageId,
    content: String,
) -> Result<CommittedMessage> {
    let found = app.access.find_message(&message_id).await?.ok_or(Error::MessageNotFound)?;
    permission::ensure_may_edit(actor.user_id(), &found.sender_id)?;
    let room = app.access.ensure_may_enter(actor.user_id(), &found.room_id).await?;
    let known = mention::list_known(app, &message_id, &content).await?;
    let mentioned = mention::find(app, &actor, (&found.room_id, &room), &content, &known).await?;
    let new = mention::without_known(mentioned.clone(), &known);
    let change = Change::Edit(Edit { message_id, content, mentioned });
    let committed = commit(app, &actor, found.room_id, change).await?;
    match committed.appended {
        Appended::Entry(entry) => {
            let edited = CommittedMessage::new(&entry, committed.sent)?;
            if edited.message.thread.is_some() && !new.users.is_empty() {
                threads::follow_as_mentioned(&app.db, &edited.message.id, &new.users).await?;
            }
            mention::push(app, &actor, &room, &edited, &new).await;
            Ok(edited)
        }
        _ => Err(Error::MessageNotFound),
    }
}
