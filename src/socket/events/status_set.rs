//! `status:set`: sets the caller's status, or ends it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::status_set,
    chat::{Result, js_date::JsDate, limits::Limits, status::Status},
    clock,
    socket::{context::Context, request::Request},
};

/// Without text and emoji there is no status from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct StatusSet {
    text: Option<String>,
    emoji: Option<String>,
    #[serde(default)]
    #[schemars(with = "serde_json::Value")]
    clear_at: JsDate,
}

impl Request for StatusSet {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_status(self.text.as_deref(), self.emoji.as_deref())
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Set {
    status: Option<Arc<Status>>,
}

pub(in crate::socket) async fn handle(cx: Context, request: StatusSet) -> Result<Set> {
    let StatusSet { text, emoji, clear_at } = request;
    let status = Status::new(text.as_deref(), emoji.as_deref(), clear_at.0, clock::now())?;
    Ok(Set { status: status_set::run(&cx.app, cx.actor(), status).await? })
}
