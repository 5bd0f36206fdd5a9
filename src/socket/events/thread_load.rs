//! `thread:load`: a thread's root, and a page of its replies, newest first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::thread_load::{self, LoadedThread, Window},
    chat::{
        Error, Result, cursor,
        id::{MessageId, RoomId},
        limits::Limits,
    },
    protocol::{MessageView, ShownMessageView},
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct ThreadLoad {
    root_id: MessageId,
    /// `before` of an earlier page: the replies older than those.
    before: Option<String>,
    /// `after` of an earlier page: the replies newer than those.
    after: Option<String>,
    limit: Option<u64>,
}

impl ThreadLoad {
    fn window(&self) -> Result<Window> {
        match (&self.before, &self.after) {
            (None, None) => Ok(Window::Newest),
            (Some(before), None) => cursor::read(before).map(Window::Before),
            (None, Some(after)) => cursor::read(after).map(Window::After),
            (Some(_), Some(_)) => Err(Error::BadInput("only one of before and after is taken".to_owned())),
        }
    }
}

impl Request for ThreadLoad {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("rootId", self.root_id.as_str())?;
        self.window().map(drop)
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::socket) struct Loaded {
    root_id: MessageId,
    room_id: RoomId,
    /// Null if it was deleted.
    root: Option<ShownMessageView<MessageView>>,
    messages: Vec<ShownMessageView<MessageView>>,
    before: Option<String>,
    after: Option<String>,
    has_more: bool,
    is_following: bool,
    unread_count: i64,
}

pub(in crate::socket) async fn handle(cx: Context, request: ThreadLoad) -> Result<Loaded> {
    let (window, limit) = (request.window()?, cx.app.config.limits.page_size(request.limit));
    let thread = thread_load::run(&cx.app, cx.actor(), &request.root_id, window, limit).await?;
    let LoadedThread { root_id, room_id, root, messages, has_more, is_following, .. } = thread;
    let [before, after] = [&thread.before, &thread.after].map(|place| place.as_ref().map(cursor::write));
    let unread_count = thread.unread;
    let bodies = cx.socket.bodies();
    let shown = |message| ShownMessageView::new(message, bodies);
    let (root, messages) = (root.map(shown), messages.into_iter().map(shown).collect());
    Ok(Loaded { root_id, room_id, root, messages, before, after, has_more, is_following, unread_count })
}
