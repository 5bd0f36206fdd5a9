//! Lists the threads that the actor follows, in the rooms that the actor may enter, the one with the newest reply first.

use super::Actor;
use crate::{
    app::App,
    chat::{
        Result,
        id::{MessageId, RoomId},
        message::Place,
    },
    db::threads::{self, FollowedQuery, FollowedThread},
    protocol::{FollowedThreadView, QuoteView},
};

/// The most threads of a page.
pub const MAX_THREADS: usize = 100;

/// The threads that are listed.
pub struct Listing<'a> {
    pub after: &'a Place,
    pub limit: usize,
    /// Only those of this room.
    pub room_id: Option<&'a RoomId>,
    /// Only those with unread replies.
    pub unread_only: bool,
}

/// A page of threads.
pub struct ThreadsPage {
    pub threads: Vec<FollowedThreadView>,
    /// The place from which the next page goes on; none at the end.
    pub after: Option<Place>,
}

/// A page may be shorter than the limit, or empty, and yet not be the last one.
pub async fn run(app: &App, actor: Actor<'_>, listing: &Listing<'_>) -> Result<ThreadsPage> {
    let user_id = actor.user_id();
    let query = FollowedQuery {
        user_id,
        before: listing.after,
        room_id: listing.room_id,
        unread_only: listing.unread_only,
        limit: listing.limit + 1,
    };
    let mut found = threads::list_followed(&app.db, &query).await?;
    let has_more = found.len() > listing.limit;
    found.truncate(listing.limit);
    let place = |last: &FollowedThread| Place { at: last.last_at, id: last.root_id.clone() };
    let after = found.last().filter(|_| has_more).map(place);
    let rooms = found.iter().map(|thread| &thread.room_id);
    let enterable = app.access.list_enterable(user_id, rooms).await?;
    found.retain(|thread| enterable.contains(&thread.room_id));
    let ids: Vec<MessageId> = found.iter().map(|thread| thread.root_id.clone()).collect();
    let roots = threads::list_quotes(&app.db, &ids).await?;
    let view = |(thread, (root, room_id)): (FollowedThread, (QuoteView, Option<RoomId>))| {
        let thread_summary = thread.summary?;
        // Another program may have moved the root into another room.
        let root = if room_id.as_ref() == Some(&thread.room_id) { root } else { QuoteView::gone(root.id) };
        Some(FollowedThreadView {
            room_id: thread.room_id,
            root,
            thread_summary,
            unread_count: thread.unread,
        })
    };
    Ok(ThreadsPage { threads: found.into_iter().zip(roots).filter_map(view).collect(), after })
}
