//! Sets the status of the actor, which those who share a room with them are shown with their presence.

use std::sync::Arc;

use super::Actor;
use crate::{
    app::App,
    chat::{Result, status::Status},
    db,
};

/// Replaces the status; none ends it.
pub async fn run(app: &App, actor: Actor<'_>, status: Option<Status>) -> Result<Option<Arc<Status>>> {
    let user_id = actor.user_id();
    db::user_presence::set_status(&app.db, user_id, status.as_ref()).await?;
    let status = status.map(Arc::new);
    app.online.note_status(user_id, status.clone());
    Ok(status)
}
