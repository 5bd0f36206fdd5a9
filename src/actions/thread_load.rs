//! Reads a thread: its root, and a page of its replies in either direction.

use super::{Actor, thread};
use crate::{
    app::App,
    chat::{
        Result, cursor,
        id::{MessageId, RoomId},
        message::Place,
    },
    db::{
        messages,
        threads::{self, Side},
    },
    protocol::MessageView,
};

/// The most bytes of contents and metadata in a page, unless a single reply has more.
const PAGE_BYTES: usize = 4 << 20;

/// A thread, as its reader sees it.
pub struct LoadedThread {
    pub root_id: MessageId,
    pub room_id: RoomId,
    /// None if it was deleted. Its replies stay.
    pub root: Option<MessageView>,
    /// The replies, newest first.
    pub messages: Vec<MessageView>,
    /// The place from which older replies go on; none if there are none.
    pub before: Option<Place>,
    /// The place from which newer replies go on, also those that are sent later; none if there is no reply yet.
    pub after: Option<Place>,
    /// There are more replies in the direction that was read.
    pub has_more: bool,
    pub is_following: bool,
    pub unread: i64,
}

/// The replies that are read: the newest if none is named.
#[derive(Clone, Debug)]
pub enum Window {
    Newest,
    Before(Place),
    After(Place),
}

/// `message_id`: the root, or any reply.
pub async fn run(
    app: &App,
    actor: Actor<'_>,
    message_id: &MessageId,
    window: Window,
    limit: usize,
) -> Result<LoadedThread> {
    let found = thread::open(app, &actor, message_id).await?;
    app.rooms.compare_if_due(&found.room_id).await;
    let root = match found.root {
        Some(_) => messages::find(&app.db, &found.root_id).await?,
        None => None,
    };
    let (side, given) = match window {
        Window::Newest => (Side::Older(cursor::newest()), None),
        Window::Before(place) => (Side::Older(place.clone()), Some(place)),
        Window::After(place) => (Side::Newer(place.clone()), Some(place)),
    };
    let page = threads::list_replies(&app.db, &found.root_id, &side, (limit, PAGE_BYTES)).await?;
    // Another program may have moved a reply into another room.
    let messages = page.messages.into_iter().filter(|message| message.room_id == found.room_id).collect();
    let is_newer = matches!(side, Side::Newer(_));
    let (newest, oldest) = page.ends.unzip();
    // A page of newer replies has the named one below it.
    let has_older = is_newer || page.has_more;
    let is_following = threads::is_following(&app.db, &found.root_id, actor.user_id()).await?;
    let unread = thread::count_unread(app, &found, actor.user_id()).await?;
    Ok(LoadedThread {
        before: if has_older { oldest.or_else(|| given.clone()) } else { None },
        after: newest.or(given),
        has_more: page.has_more,
        root_id: found.root_id,
        room_id: found.room_id,
        root,
        messages,
        is_following,
        unread,
    })
}
