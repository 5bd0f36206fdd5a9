//! Shows what the actor has chosen for themself.

use super::Actor;
use crate::{
    app::App,
    chat::Result,
    db::user_settings::{self, UserSettings},
};

pub async fn run(app: &App, actor: Actor<'_>) -> Result<UserSettings> {
    user_settings::find(&app.db, actor.user_id()).await
}
