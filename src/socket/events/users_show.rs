//! `users:show`: returns the names and pictures of users by their ids.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::users_show,
    chat::{Result, id::UserId, limits::Limits},
    protocol::MemberView,
    socket::{context::Context, request::Request},
};

/// The most users that are shown at once.
const MAX_USERS: usize = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct UsersShow {
    user_ids: Vec<UserId>,
}

impl Request for UsersShow {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_ids("userIds", MAX_USERS, self.user_ids.iter().map(UserId::as_str))
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Shown {
    /// The users who exist, in the order of their ids.
    users: Vec<MemberView>,
}

pub(in crate::socket) async fn handle(cx: Context, request: UsersShow) -> Result<Shown> {
    Ok(Shown { users: users_show::run(&cx.app, &request.user_ids).await? })
}
