//! A file of a fixture.

use crate::{chat::id::UserId, rooms::Rooms};
