//! `users:find`: people whose name or id contains a text, to write to or to invite.

use serde::{Deserialize, Serialize};

use super::context::{Ask, Context};
use crate::{chat::limits::Limits, db, error::Result, protocol::MemberView};

/// People found at the most.
const MOST: i64 = 20;

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct UsersFind {
    /// Upper and lower case are the same. Empty: anybody.
    query: String,
}

impl Ask for UsersFind {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_query(&self.query)
    }
}

#[derive(Serialize)]
pub(super) struct Found {
    /// By name; at most 20.
    users: Vec<MemberView>,
}

pub(super) async fn handle(cx: Context, ask: UsersFind) -> Result<Found> {
    let users = db::users::list_like(&cx.app.db, ask.query.trim(), MOST).await?;
    Ok(Found { users })
}
