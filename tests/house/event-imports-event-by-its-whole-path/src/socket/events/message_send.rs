//! A file of a fixture.

use crate::{
    chat::id::RoomId,
    socket::{context::Context, events::message_edit::MessageEdit},
};

pub async fn handle() {}
