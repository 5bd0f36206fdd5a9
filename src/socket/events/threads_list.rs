//! `threads:list`: a page of the threads that the caller follows, the one with the newest reply first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::threads_list::{self, Listing, MAX_THREADS},
    chat::{
        Result, cursor,
        id::RoomId,
        limits::{DEFAULT_PAGE, Limits},
    },
    protocol::FollowedThreadView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct ThreadsList {
    /// `after` of the last page.
    after: Option<String>,
    limit: Option<u32>,
    /// Only the threads of this room.
    room_id: Option<RoomId>,
    /// Only those with unread replies.
    unread_only: Option<bool>,
}

impl Request for ThreadsList {
    fn check(&self, limits: &Limits) -> Result<()> {
        self.room_id.as_ref().map_or(Ok(()), |room_id| limits.ensure_id("roomId", room_id.as_str()))?;
        self.after.as_deref().map_or(Ok(()), |after| cursor::read(after).map(drop))
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Listed {
    threads: Vec<FollowedThreadView>,
    /// Null on the last page.
    after: Option<String>,
}

pub(in crate::socket) async fn handle(cx: Context, request: ThreadsList) -> Result<Listed> {
    let after = request.after.as_deref().map_or_else(|| Ok(cursor::newest()), cursor::read)?;
    let limit = request.limit.filter(|limit| *limit > 0).map_or(DEFAULT_PAGE, |limit| limit as usize);
    let listing = Listing {
        after: &after,
        limit: limit.min(MAX_THREADS),
        room_id: request.room_id.as_ref(),
        unread_only: request.unread_only.unwrap_or_default(),
    };
    let page = threads_list::run(&cx.app, cx.actor(), &listing).await?;
    Ok(Listed { threads: page.threads, after: page.after.as_ref().map(cursor::write) })
}
