//! `messages:load`: a page of history, newest first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::messages_load,
    chat::{Result, id::RoomId, js_date::JsDate, limits::Limits, timestamp::Timestamp},
    protocol::{MessageView, ShownMessageView},
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MessagesLoad {
    room_id: RoomId,
    /// Only messages older than this are returned. Falsy or absent: the newest, as in the original.
    #[serde(default)]
    #[schemars(with = "serde_json::Value")]
    before: JsDate,
    #[schemars(with = "Option<u64>")]
    limit: Option<Limit>,
}

/// A whole number, which may be written as `50.0`.
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

impl Request for MessagesLoad {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Page {
    /// The messages, newest first.
    messages: Vec<ShownMessageView<MessageView>>,
}

pub(in crate::socket) async fn handle(cx: Context, request: MessagesLoad) -> Result<Page> {
    let before = request.before.0.unwrap_or(Timestamp::from_millis(i64::MAX));
    let limit = cx.app.config.limits.page_size(request.limit.map(|limit| limit.0));
    let messages = messages_load::run(&cx.app, cx.actor(), &request.room_id, before, limit).await?;
    let bodies = cx.socket.bodies();
    let shown = |message| ShownMessageView::new(message, bodies);
    Ok(Page { messages: messages.into_iter().map(shown).collect() })
}
