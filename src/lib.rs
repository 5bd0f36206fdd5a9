//! chatoxide: a chat server that takes the place of a Node Socket.IO backend.
//!
//! ```text
//! client => engine/ => socket/ --+                                                        +--> sockets here
//!                                +--> access + chat (may I?) --> rooms/ (db commits it, --+--> Node's keys in Redis
//! client => http/ ---------------+                               then apply and tell)     +--> reply: ack or JSON
//! ```
//!
//! Floors, top to bottom; a file imports only from floors below its own:
//! `main`, `commands` / `server` / `socket`, `http` / `app` / `rooms`, `access` / `cluster` / `db`, `auth` /
//! `protocol`, `config`, `metrics`, `clock`, `engine`, `connection` / `chat`, `error`. ARCHITECTURE.md has the reasons.

pub mod access;
pub mod actions;
pub mod app;
pub mod auth;
pub mod batch;
pub mod broadcast;
pub mod chat;
pub mod clock;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod connection;
pub mod db;
pub mod engine;
pub mod error;
pub mod http;
pub mod log;
pub mod metrics;
pub mod protocol;
pub mod rate;
pub mod rooms;
pub mod server;
pub mod socket;
pub mod sync;
