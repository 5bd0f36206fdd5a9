//! Returns users by their ids, as `users:find` returns them by a part of their names: to anybody who is signed in.

use crate::{
    app::App,
    chat::{Result, id::UserId},
    db,
    protocol::MemberView,
};

/// Returns those of these users who exist, in the order of their ids.
pub async fn run(app: &App, user_ids: &[UserId]) -> Result<Vec<MemberView>> {
    db::users::list(&app.db, user_ids).await
}
