//! Changes what the actor has chosen for themself. What is not given stays.

use super::Actor;
use crate::{
    app::App,
    chat::Result,
    db::user_settings::{self, UserSettings},
};

/// Returns the settings as they are now.
pub async fn run(app: &App, actor: Actor<'_>, has_private_reads: Option<bool>) -> Result<UserSettings> {
    let user_id = actor.user_id();
    let mut settings = user_settings::find(&app.db, user_id).await?;
    if let Some(has_private_reads) = has_private_reads {
        settings.has_private_reads = has_private_reads;
        user_settings::upsert(&app.db, user_id, settings).await?;
        app.access.note_private_reads(user_id, has_private_reads).await;
    }
    Ok(settings)
}
