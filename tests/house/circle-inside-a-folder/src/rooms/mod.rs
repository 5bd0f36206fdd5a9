//! A file of a fixture.

mod outbox;
mod presence;
mod room;

pub use room::RoomState;
