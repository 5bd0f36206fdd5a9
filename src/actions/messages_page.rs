//! Reads a page of a room's history from a cursor on, in either direction, or around a message.

use super::Actor;
use crate::{
    app::App,
    chat::{
        Error, Result,
        id::{MessageId, RoomId},
        message::Place,
        timestamp::Timestamp,
    },
    db::messages,
    protocol::MessageView,
};

/// The part of a room's history that is read.
pub enum Window {
    Newest,
    Before(Place),
    After(Place),
    Around(MessageId),
}

/// Messages, newest first.
pub struct MessagesPage {
    pub messages: Vec<MessageView>,
    pub has_older: bool,
    pub has_newer: bool,
}

/// Returns at most `limit` messages.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    room_id: &RoomId,
    window: Window,
    limit: usize,
) -> Result<MessagesPage> {
    app.access.ensure_may_enter(actor.user_id(), room_id).await?;
    app.rooms.compare_if_due(room_id).await;
    match window {
        Window::Newest => older(app, room_id, &newest(), limit, false).await,
        Window::Before(place) => older(app, room_id, &place, limit, true).await,
        Window::After(place) => newer(app, room_id, &place, limit).await,
        Window::Around(id) => around(app, room_id, &id, limit).await,
    }
}

/// The place above all messages.
fn newest() -> Place {
    Place::below(Timestamp::from_millis(i64::MAX))
}

/// Whether there are newer messages is known by the cursor, which names one.
async fn older(
    app: &App,
    room_id: &RoomId,
    place: &Place,
    limit: usize,
    has_newer: bool,
) -> Result<MessagesPage> {
    let mut found = messages::list_older(&app.db, room_id, place, limit.saturating_add(1)).await?.messages;
    let has_older = found.len() > limit;
    found.truncate(limit);
    Ok(MessagesPage { messages: found, has_older, has_newer })
}

async fn newer(app: &App, room_id: &RoomId, place: &Place, limit: usize) -> Result<MessagesPage> {
    let mut found = messages::list_newer(&app.db, room_id, place, limit.saturating_add(1)).await?;
    let has_newer = found.len() > limit;
    if has_newer {
        found.remove(0);
    }
    Ok(MessagesPage { messages: found, has_older: true, has_newer })
}

/// The message is in the middle, if there are enough on both sides.
async fn around(app: &App, room_id: &RoomId, id: &MessageId, limit: usize) -> Result<MessagesPage> {
    let message = messages::find(&app.db, id).await?.filter(|message| message.room_id == *room_id);
    let message = message.ok_or(Error::MessageNotFound)?;
    let half = limit.saturating_sub(1) / 2;
    let place = message.place();
    let later = newer(app, room_id, &place, half).await?;
    let earlier = older(app, room_id, &place, limit.saturating_sub(1 + later.messages.len()), true).await?;
    let mut all = later.messages;
    all.push(message);
    all.extend(earlier.messages);
    Ok(MessagesPage { messages: all, has_older: earlier.has_older, has_newer: later.has_newer })
}
