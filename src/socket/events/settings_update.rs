//! `settings:update`: changes what the caller has chosen for themself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::settings_update,
    chat::{Result, limits::Limits},
    db::user_settings::UserSettingsChange,
    protocol::UserSettingsView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct SettingsUpdate {
    /// Others are not shown what the caller has read.
    private_reads: Option<bool>,
    /// Others are shown the caller as offline.
    hide_presence: Option<bool>,
}

impl Request for SettingsUpdate {
    fn check(&self, _: &Limits) -> Result<()> {
        Ok(())
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Updated {
    settings: UserSettingsView,
}

pub(in crate::socket) async fn handle(cx: Context, request: SettingsUpdate) -> Result<Updated> {
    let change = UserSettingsChange {
        has_private_reads: request.private_reads,
        hides_presence: request.hide_presence,
    };
    let settings = settings_update::run(&cx.app, cx.actor(), change).await?;
    Ok(Updated { settings: settings.into() })
}
