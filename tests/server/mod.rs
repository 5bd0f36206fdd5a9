//! Mirrors src/server: its connections, its limits on clients that have not signed in, and its shutdown.

mod connections;
mod shutdown;
mod strangers;
