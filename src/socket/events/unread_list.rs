//! `unread:list`: lists the unread counts of the caller's rooms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::unread_list,
    chat::{Result, limits::Limits},
    protocol::RoomUnreadView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct UnreadList {}

impl Request for UnreadList {
    fn check(&self, _: &Limits) -> Result<()> {
        Ok(())
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Counts {
    /// The counts, of the last active room first.
    rooms: Vec<RoomUnreadView>,
}

pub(in crate::socket) async fn handle(cx: Context, _: UnreadList) -> Result<Counts> {
    Ok(Counts { rooms: unread_list::run(&cx.app, cx.actor()).await? })
}
