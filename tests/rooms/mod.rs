//! Mirrors src/rooms: what holds for a room whatever the event.

mod acked_is_committed;
mod foreign;
mod idle;
mod joining;
mod large;
mod loading;
mod log;
mod lost_log;
mod membership;
mod names;
mod one_order;
mod pace;
mod presence;
mod retention;
mod returning;
mod slow_reader;
mod storm;
mod unlogged;
mod untold;
mod writer;
