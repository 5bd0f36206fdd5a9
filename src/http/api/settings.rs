//! The settings that users choose for themselves.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{caller::Caller, input::Body};
use crate::{
    actions::{settings_show, settings_update},
    app::App,
    chat::Result,
    db::user_settings::UserSettingsChange,
    http::problem::ProblemView,
    protocol::UserSettingsView,
};

/// Shows the caller's settings
#[utoipa::path(get, path = "/me/settings", tag = "users", operation_id = "showSettings", responses(
    (status = 200, body = UserSettingsView),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<UserSettingsView>> {
    Ok(Json(settings_show::run(&app, caller.actor()).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct SettingsChange {
    /// Others are not shown what the caller has read.
    private_reads: Option<bool>,
    /// Others are shown the caller as offline.
    hide_presence: Option<bool>,
}

/// Changes the caller's settings
///
/// A setting that is absent stays.
#[utoipa::path(patch, path = "/me/settings", tag = "users", operation_id = "updateSettings", request_body = SettingsChange, responses(
    (status = 200, body = UserSettingsView),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(change): Body<SettingsChange>,
) -> Result<Json<UserSettingsView>> {
    let change =
        UserSettingsChange { has_private_reads: change.private_reads, hides_presence: change.hide_presence };
    Ok(Json(settings_update::run(&app, caller.actor(), change).await?.into()))
}
