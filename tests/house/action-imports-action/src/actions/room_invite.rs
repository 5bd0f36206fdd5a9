//! A file of a fixture.

use super::{actor::Actor, room_create};

pub async fn run() {}
