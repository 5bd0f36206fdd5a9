//! Mirrors src/rooms: what holds for a room whatever the event.

mod acked_is_committed;
mod joining;
mod log;
mod membership;
mod one_order;
mod slow_reader;
