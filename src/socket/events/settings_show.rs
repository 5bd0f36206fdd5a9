//! `settings:show`: shows what the caller has chosen for themself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    actions::settings_show,
    chat::{Result, limits::Limits},
    protocol::UserSettingsView,
    socket::{context::Context, request::Request},
};

#[derive(Deserialize, JsonSchema)]
#[serde(expecting = "an object")]
pub(in crate::socket) struct SettingsShow {}

impl Request for SettingsShow {
    fn check(&self, _: &Limits) -> Result<()> {
        Ok(())
    }
}

#[derive(Serialize, JsonSchema)]
pub(in crate::socket) struct Shown {
    settings: UserSettingsView,
}

pub(in crate::socket) async fn handle(cx: Context, _: SettingsShow) -> Result<Shown> {
    Ok(Shown { settings: settings_show::run(&cx.app, cx.actor()).await?.into() })
}
