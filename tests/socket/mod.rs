//! Mirrors src/socket: one file for each client event, and for what holds for all of them.

mod message_send;
mod order;
mod presence;
