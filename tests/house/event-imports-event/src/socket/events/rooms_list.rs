//! A file of a fixture.

use super::{reaction::Reaction, users_find::Found};

pub async fn handle() {}
