//! `presence:list`: lists whether users are there, when they were last seen, and their statuses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::presence_list::{self, MAX_USERS},
    chat::{
        Error, Result,
        id::{RoomId, UserId},
        limits::Limits,
    },
    protocol::PresenceView,
    socket::{context::Context, request::Request},
};

/// Either users or a room.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct PresenceList {
    user_ids: Option<Vec<UserId>>,
    room_id: Option<RoomId>,
}

impl Request for PresenceList {
    fn check(&self, limits: &Limits) -> Result<()> {
        match (&self.user_ids, &self.room_id) {
            (Some(user_ids), None) => {
                limits.ensure_ids("userIds", MAX_USERS, user_ids.iter().map(UserId::as_str))
            }
            (None, Some(room_id)) => limits.ensure_id("roomId", room_id.as_str()),
            _ => Err(Error::BadInput("expected userIds or roomId".to_owned())),
        }
    }

    fn room_id(&self) -> Option<&RoomId> {
        self.room_id.as_ref()
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Listed {
    users: Vec<PresenceView>,
}

pub(in crate::socket) async fn handle(cx: Context, request: PresenceList) -> Result<Listed> {
    let users = match &request.room_id {
        Some(room_id) => presence_list::of_room(&cx.app, cx.actor(), room_id).await?,
        None => presence_list::run(&cx.app, cx.actor(), &request.user_ids.unwrap_or_default()).await?,
    };
    Ok(Listed { users })
}
