//! `messages:load`: a page of history. A page is extended by the rest of the messages that share its oldest one's
//! millisecond, so that paging on misses none.

use serde::{Deserialize, Serialize};

use super::context::{Ask, Context};
use crate::{
    chat::{id::RoomId, js_date::JsDate, limits::Limits, timestamp::Timestamp},
    db,
    error::Result,
    protocol::MessageView,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct MessagesLoad {
    room_id: RoomId,
    /// Only messages older than this; absent: the newest, as in the original.
    before: Option<JsDate>,
    limit: Option<Limit>,
}

/// A whole number, also when it is written as `50.0`.
struct Limit(u64);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if number >= 0.0 && number.fract() == 0.0 {
            Ok(Self(number as u64))
        } else {
            let unexpected = serde::de::Unexpected::Float(number);
            Err(serde::de::Error::invalid_value(unexpected, &"a whole number, 0 or more"))
        }
    }
}

impl Ask for MessagesLoad {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

#[derive(Serialize)]
pub(super) struct Page {
    /// Newest first.
    messages: Vec<MessageView>,
}

pub(super) async fn handle(cx: Context, ask: MessagesLoad) -> Result<Page> {
    cx.ensure_may_enter(&ask.room_id).await?;
    let before = ask.before.map_or(Timestamp::from_millis(i64::MAX), |before| before.0);
    let limit = cx.app.config.limits.page_size(ask.limit.map(|limit| limit.0));
    let messages = db::messages::list_before(&cx.app.db, &ask.room_id, before, limit).await?;
    Ok(Page { messages })
}
