//! A file of a fixture.

use crate::rooms::room::RoomState;
