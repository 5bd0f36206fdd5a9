//! Mirrors src/rooms: what holds for a room whatever the event.

mod log;
mod membership;
mod slow_reader;
