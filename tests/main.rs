//! All integration tests, in one binary. Folders mirror src/; every story of `on_both!` runs on SQLite and on PostgreSQL.
//! Run by `make test`, which starts PostgreSQL and Redis and says where they are.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod cluster;
mod commands;
mod db;
mod engine;
mod http;
mod log;
mod prisma;
mod rooms;
mod search;
mod server;
mod socket;
mod support;
