//! Disconnects a user who turns out to be deleted by another program, when an event of theirs finds a user missing.

use crate::{
    app::App,
    chat::{Error, id::UserId},
};

pub async fn run(app: &App, user_id: &UserId) {
    if let Err(Error::UserNotFound) = app.access.user_name(user_id).await {
        app.rooms.disconnect_deleted(user_id);
    }
}
