//! `mentions:list`: a page of the caller's inbox of mentions, newest first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::mentions_list::{self, MAX_MENTIONS},
    chat::{
        Result, cursor,
        limits::{DEFAULT_PAGE, Limits},
    },
    protocol::MentionView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct MentionsList {
    /// `before` of the last page.
    before: Option<String>,
    limit: Option<u32>,
}

impl Request for MentionsList {
    fn check(&self, _: &Limits) -> Result<()> {
        self.before.as_deref().map_or(Ok(()), |before| cursor::read(before).map(drop))
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Listed {
    mentions: Vec<MentionView>,
    /// Null on the last page.
    before: Option<String>,
}

pub(in crate::socket) async fn handle(cx: Context, request: MentionsList) -> Result<Listed> {
    let before = request.before.as_deref().map_or_else(|| Ok(cursor::newest()), cursor::read)?;
    let limit = request.limit.filter(|limit| *limit > 0).map_or(DEFAULT_PAGE, |limit| limit as usize);
    let inbox = mentions_list::run(&cx.app, cx.actor(), &before, limit.min(MAX_MENTIONS)).await?;
    Ok(Listed { mentions: inbox.mentions, before: inbox.before.as_ref().map(cursor::write) })
}
