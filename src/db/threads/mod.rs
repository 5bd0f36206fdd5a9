//! Our tables `thread_reply`, `thread` and `thread_follower`: the replies of threads, the state of each thread, and the users
//! who follow it. Replies are written in `room_log`, in the transaction that writes the message.

mod followers;
mod of_message;
mod pages;
mod state;

pub use self::{
    followers::{
        FollowedQuery, FollowedThread, follow, follow_as_mentioned, is_following, list_followed,
        list_followers, mark_read, place_of, unread_of,
    },
    of_message::OfMessage,
    pages::{FoundThread, RepliesPage, Side, find, list_quotes, list_replies},
};
pub(in crate::db) use self::{
    of_message::{root_of, summary_of, thread_lite, thread_pg, views_of},
    state::{
        RECOUNT_LITE, RECOUNT_PG, SETTLE_PG, SUMMARIES_LITE, Settling, SummaryRow, find_roots, list_states,
    },
};
