//! `thread:unfollow`: the caller follows a thread no more.

use crate::{
    actions::thread_follow::{self, Choice},
    chat::Result,
    socket::{
        context::Context,
        events::thread_unread::{ThreadNamed, Unread},
    },
};

pub(in crate::socket) async fn handle(cx: Context, request: ThreadNamed) -> Result<Unread> {
    let unread = thread_follow::run(&cx.app, cx.actor(), &request.root_id, Choice::Unfollow).await?;
    Ok(Unread { unread_count: unread })
}
