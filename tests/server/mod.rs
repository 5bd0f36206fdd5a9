//! Mirrors src/server: its connections, and what it bears from those who have not signed in.

mod connections;
mod strangers;
