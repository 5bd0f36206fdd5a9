//! chatoxide: a chat server that takes the place of a Node Socket.IO backend.
//!
//! ```text
//! client => engine/ => socket/ --+                                                    +--> broadcast/ => sockets in this process
//!                                +--> actions/ --> log/ (db commits) --> rooms/ ------+
//! client => http/ ---------------+    (access: may I?)                  (apply)       +--> reply: ack or JSON
//! ```
//!
//! Floors, top to bottom; a file imports only from floors below its own: `main`, `lib` / `commands` / `server` / `socket`, `http` /
//! `actions` / `app` / `rooms`, `online` / `log`, `access`, `broadcast`, `webhook` / `cluster` / `db`, `auth` / `http_client` / `protocol`,
//! `config`, `metrics`, `clock`, `engine` / `chunks`, `connection`, `chat` / `rate`, `batch`, `sync`, `prisma`,
//! `archive`. ARCHITECTURE.md has the reasons.

pub mod access;
pub mod actions;
pub mod app;
pub mod archive;
pub mod auth;
pub mod batch;
pub mod broadcast;
pub mod chat;
pub mod chunks;
pub mod clock;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod connection;
pub mod db;
pub mod engine;
pub mod http;
pub mod http_client;
pub mod indexer;
pub mod log;
pub mod metrics;
pub mod online;
pub mod prisma;
pub mod protocol;
pub mod rate;
pub mod rooms;
pub mod search;
pub mod server;
pub mod socket;
pub mod sync;
pub mod webhook;
