//! Mirrors src/engine: the transports under Socket.IO, as a client of the wire sees them.

mod event_names;
mod heartbeat;
mod ids;
mod polling;
mod requests;
mod upgrade;
