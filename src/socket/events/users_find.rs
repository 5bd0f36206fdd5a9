//! `users:find`: users whose name or id contains a text, to write to or to invite.

use serde::{Deserialize, Serialize};

use crate::{
    actions::users_find,
    chat::limits::Limits,
    error::Result,
    protocol::MemberView,
    socket::{context::Context, request::Request},
};

/// Users that are found at most.
const MAX_USERS: i64 = 20;

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct UsersFind {
    /// Upper and lower case are the same. Empty: anybody.
    query: String,
}

impl Request for UsersFind {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_query(&self.query)
    }
}

#[derive(Serialize)]
pub(in crate::socket) struct Found {
    /// By name; at most 20.
    users: Vec<MemberView>,
}

pub(in crate::socket) async fn handle(cx: Context, request: UsersFind) -> Result<Found> {
    let users = users_find::run(&cx.app, &request.query, MAX_USERS).await?;
    Ok(Found { users })
}
