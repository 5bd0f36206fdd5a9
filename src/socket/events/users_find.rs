//! `users:find`: finds users by a part of their name or id, to write to them or to invite them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::users_find::{self, MAX_USERS},
    chat::{Result, limits::Limits},
    protocol::MemberView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct UsersFind {
    /// The text to find, in upper or lower case. An empty text finds anybody.
    query: String,
}

impl Request for UsersFind {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_query(&self.query)
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Found {
    /// The users, sorted by name; at most 20.
    users: Vec<MemberView>,
}

pub(in crate::socket) async fn handle(cx: Context, request: UsersFind) -> Result<Found> {
    let users = users_find::run(&cx.app, &request.query, MAX_USERS).await?;
    Ok(Found { users })
}
