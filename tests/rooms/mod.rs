//! Mirrors src/rooms: properties of a room that hold for every event.

mod absence;
mod acked_is_committed;
mod comparing;
mod complete;
mod eviction;
mod foreign;
mod joining;
mod large;
mod loading;
mod log;
mod lost_log;
mod marked_unread;
mod membership;
mod names;
mod one_order;
mod outbox;
mod presence;
mod retention;
mod slow_reader;
mod storm;
mod unlogged;
mod unread_counts;
mod unread_push;
pub mod watched;
mod watched_access;
mod watched_gaps;
mod watched_time;
