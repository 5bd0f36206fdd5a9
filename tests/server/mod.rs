//! Mirrors src/server: what the server bears from those who have not signed in, and how it ends.

mod shutdown;
mod strangers;
