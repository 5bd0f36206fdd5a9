//! Mirrors src/socket: one file for each client event, and for what holds for all of them.

mod message_send;
mod order;
mod presence;
mod room_join;
mod room_leave;
mod room_read;
mod typing_start;
mod typing_stop;
