//! Reads a page of a room's history from a cursor on, in either direction, or around a message.

use super::Actor;
use crate::{
    app::App,
    chat::{
        Error, Result, cursor,
        id::{MessageId, RoomId},
        message::{Place, size_of_json},
    },
    db::{
        message_sizes::{Side, count_within},
        messages,
    },
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

/// The most bytes of contents and metadata in a page, unless a single message has more.
const PAGE_BYTES: usize = 4 << 20;

/// Returns at most `limit` messages: fewer if they are large, but never none where there are some.
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
        Window::Newest => older_page(app, room_id, &cursor::newest(), limit, false).await,
        Window::Before(place) => older_page(app, room_id, &place, limit, true).await,
        Window::After(place) => {
            let count = count_within(&app.db, room_id, Side::Newer(&place), limit, PAGE_BYTES).await?;
            newer(app, room_id, &place, count.max(1)).await
        }
        Window::Around(id) => around(app, room_id, &id, limit).await,
    }
}

async fn older_page(
    app: &App,
    room_id: &RoomId,
    place: &Place,
    limit: usize,
    has_newer: bool,
) -> Result<MessagesPage> {
    let count = count_within(&app.db, room_id, Side::Older(place), limit, PAGE_BYTES).await?;
    older(app, room_id, place, count.max(1), has_newer).await
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

/// The message is in the middle, if there are enough on both sides. Each side has half of the bytes that the message
/// leaves.
async fn around(app: &App, room_id: &RoomId, id: &MessageId, limit: usize) -> Result<MessagesPage> {
    let message = messages::find(&app.db, id).await?.filter(|message| message.room_id == *room_id);
    let message = message.ok_or(Error::MessageNotFound)?;
    let bytes = PAGE_BYTES.saturating_sub(message.content.len() + size_of_json(&message.metadata)) / 2;
    let half = limit.saturating_sub(1) / 2;
    let place = message.place();
    let half = count_within(&app.db, room_id, Side::Newer(&place), half, bytes).await?;
    let later = newer(app, room_id, &place, half).await?;
    let rest = limit.saturating_sub(1 + later.messages.len());
    let rest = count_within(&app.db, room_id, Side::Older(&place), rest, bytes).await?;
    let earlier = older(app, room_id, &place, rest, true).await?;
    let mut all = later.messages;
    all.push(message);
    all.extend(earlier.messages);
    Ok(MessagesPage { messages: all, has_older: earlier.has_older, has_newer: later.has_newer })
}
