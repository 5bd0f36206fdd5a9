//! Returns messages by their ids, to whoever may enter their rooms.

use super::Actor;
use crate::{
    app::App,
    chat::{
        Result,
        id::{MessageId, RoomId},
    },
    db,
    protocol::{MessageView, QuoteView},
};

/// Returns those of these messages that exist, oldest first. A message of a room that the actor may not enter is as one that
/// does not exist.
pub async fn run(app: &App, actor: Actor<'_>, message_ids: &[MessageId]) -> Result<Vec<MessageView>> {
    let found = db::messages::list(&app.db, message_ids).await?;
    let open =
        app.access.list_enterable(actor.user_id(), found.iter().map(|message| &message.room_id)).await?;
    Ok(found.into_iter().filter(|message| open.contains(&message.room_id)).collect())
}

/// Returns these messages as others quote them, in the order of the ids. A message of a room that the actor may not enter is
/// as one that is gone.
pub async fn quotes(app: &App, actor: Actor<'_>, message_ids: &[MessageId]) -> Result<Vec<QuoteView>> {
    let found = db::threads::list_quotes(&app.db, message_ids).await?;
    let open = app
        .access
        .list_enterable(actor.user_id(), found.iter().filter_map(|(_, room_id)| room_id.as_ref()))
        .await?;
    let seen = |(quote, room_id): (QuoteView, Option<RoomId>)| {
        let is_open = room_id.is_some_and(|room_id| open.contains(&room_id));
        if is_open { quote } else { QuoteView::gone(quote.id) }
    };
    Ok(found.into_iter().map(seen).collect())
}
