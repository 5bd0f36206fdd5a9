//! `users:show`: returns the names and pictures of users by their ids.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::users_show,
    chat::{Error, Result, id::UserId, limits::Limits},
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
        if self.user_ids.len() > MAX_USERS {
            return Err(Error::BadInput(format!("userIds: at most {MAX_USERS}")));
        }
        self.user_ids.iter().try_for_each(|user_id| limits.ensure_id("userIds", user_id.as_str()))
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
