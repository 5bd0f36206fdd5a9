//! Users whose name or id contains a text, to write to or to invite.

use crate::{app::App, db, error::Result, protocol::MemberView};

/// At most `limit` users, by name. Upper and lower case are the same; an empty text finds anybody.
pub async fn run(app: &App, query: &str, limit: i64) -> Result<Vec<MemberView>> {
    db::users::list_like(&app.db, query.trim(), limit).await
}
