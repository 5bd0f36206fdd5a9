//! `presence:watch`: the caller's socket is sent `presence:update` when the presence of these users changes. A new call
//! replaces the users of the last one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::{presence_list::MAX_USERS, presence_watch},
    chat::{Result, id::UserId, limits::Limits},
    protocol::PresenceView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct PresenceWatch {
    user_ids: Vec<UserId>,
}

impl Request for PresenceWatch {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_ids("userIds", MAX_USERS, self.user_ids.iter().map(UserId::as_str))
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Watching {
    users: Vec<PresenceView>,
}

pub(in crate::socket) async fn handle(cx: Context, request: PresenceWatch) -> Result<Watching> {
    let users = presence_watch::run(&cx.app, cx.actor(), cx.acting_socket(), &request.user_ids).await?;
    Ok(Watching { users })
}
