//! Finds users by a part of their name or id, to write to them or to invite them.

use crate::{app::App, chat::Result, db, protocol::MemberView};

/// The most users that a client finds at once.
pub const MAX_USERS: i64 = 20;

/// Returns at most `limit` users, sorted by name. Case is ignored; an empty text finds anybody.
pub async fn run(app: &App, query: &str, limit: i64) -> Result<Vec<MemberView>> {
    db::users::list_like(&app.db, query.trim(), limit).await
}
