//! `thread:follow`: from now on the caller follows a thread.

use crate::{
    actions::thread_follow::{self, Choice},
    chat::Result,
    socket::{
        context::Context,
        events::thread_unread::{ThreadNamed, Unread},
    },
};

pub(in crate::socket) async fn handle(cx: Context, request: ThreadNamed) -> Result<Unread> {
    let unread = thread_follow::run(&cx.app, cx.actor(), &request.root_id, Choice::Follow).await?;
    Ok(Unread { unread_count: unread })
}
