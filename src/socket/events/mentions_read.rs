//! `mentions:read`: the caller has read all mentions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::mentions_read,
    chat::{Result, limits::Limits, timestamp::Timestamp},
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct MentionsRead {}

impl Request for MentionsRead {
    fn check(&self, _: &Limits) -> Result<()> {
        Ok(())
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Read {
    at: Timestamp,
}

pub(in crate::socket) async fn handle(cx: Context, _: MentionsRead) -> Result<Read> {
    Ok(Read { at: mentions_read::run(&cx.app, cx.actor()).await? })
}
