//! Mirrors src/server: its connections, what it bears from those who have not signed in, and how it ends.

mod connections;
mod shutdown;
mod strangers;
