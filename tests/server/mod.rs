//! Mirrors src/server: what the server bears from those who have not signed in.

mod strangers;
