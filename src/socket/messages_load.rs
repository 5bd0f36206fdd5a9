//! `messages:load`: a page of history. It begins where this socket's last page ended, although the client names that place by a
//! millisecond, which messages may share.

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
    /// Only messages older than this; falsy or absent: the newest, as in the original.
    #[serde(default)]
    before: JsDate,
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
    let before = ask.before.0.unwrap_or(Timestamp::from_millis(i64::MAX));
    let limit = cx.app.config.limits.page_size(ask.limit.map(|limit| limit.0));
    let begin = cx.session.page_ends.begin(&ask.room_id, before);
    let page = db::messages::list_older(&cx.app.db, &ask.room_id, &begin, limit).await?;
    if let Some(last) = page.messages.last() {
        cx.session.page_ends.note(&ask.room_id, last.place(), page.ends_in_tie);
    }
    Ok(Page { messages: page.messages })
}
