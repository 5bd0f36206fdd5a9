//! Changes what the actor has chosen for themself. What is not given stays.

use super::Actor;
use crate::{
    app::App,
    chat::Result,
    db::user_settings::{self, UserSettings, UserSettingsChange},
};

/// Returns the settings as they are now.
pub async fn run(app: &App, actor: Actor<'_>, change: UserSettingsChange) -> Result<UserSettings> {
    let user_id = actor.user_id();
    let settings = user_settings::change(&app.db, user_id, change).await?;
    if change.has_private_reads.is_some() {
        app.access.note_private_reads(user_id, settings.has_private_reads).await;
    }
    if change.hides_presence.is_some() {
        app.online.note_hidden(user_id, settings.hides_presence);
    }
    Ok(settings)
}
