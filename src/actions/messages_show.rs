//! Returns messages by their ids, to whoever may enter their rooms.

use std::collections::HashSet;

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
    let open = list_open(app, &actor, found.iter().map(|message| &message.room_id)).await?;
    Ok(found.into_iter().filter(|message| open.contains(&message.room_id)).collect())
}

/// Returns these messages as others quote them, in the order of the ids. A message of a room that the actor may not enter is
/// as one that is gone.
pub async fn quotes(app: &App, actor: Actor<'_>, message_ids: &[MessageId]) -> Result<Vec<QuoteView>> {
    let found = db::threads::list_quotes(&app.db, message_ids).await?;
    let open = list_open(app, &actor, found.iter().filter_map(|(_, room_id)| room_id.as_ref())).await?;
    let seen = |(quote, room_id): (QuoteView, Option<RoomId>)| {
        let is_open = room_id.is_some_and(|room_id| open.contains(&room_id));
        if is_open { quote } else { QuoteView::gone(quote.id) }
    };
    Ok(found.into_iter().map(seen).collect())
}

/// Returns those of these rooms that the actor may enter.
async fn list_open<'a>(
    app: &App,
    actor: &Actor<'_>,
    rooms: impl Iterator<Item = &'a RoomId>,
) -> Result<HashSet<RoomId>> {
    let rooms: HashSet<&RoomId> = rooms.collect();
    let mut open = HashSet::new();
    for room_id in rooms {
        match app.access.ensure_may_enter(actor.user_id(), room_id).await {
            Ok(_) => {
                open.insert(room_id.clone());
            }
            Err(error) if error.is_access_refusal() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(open)
}
