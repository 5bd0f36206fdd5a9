//! `users:watch`: the caller's socket is sent `users:presence` when these users come online and go offline. A new call
//! replaces the users of the last one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::users_watch,
    chat::{Result, id::UserId, limits::Limits},
    socket::{context::Context, request::Request},
};

/// The most users that a socket watches.
const MAX_USERS: usize = 500;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct UsersWatch {
    user_ids: Vec<UserId>,
}

impl Request for UsersWatch {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_ids("userIds", MAX_USERS, self.user_ids.iter().map(UserId::as_str))
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Watching {
    online: Vec<UserId>,
}

pub(in crate::socket) async fn handle(cx: Context, request: UsersWatch) -> Result<Watching> {
    let online = users_watch::run(&cx.app, cx.actor(), cx.acting_socket(), &request.user_ids).await?;
    Ok(Watching { online })
}
