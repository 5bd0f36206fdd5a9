//! Mirrors src/http: the resources beside Socket.IO, and the middleware around both.

pub mod api;
mod cors;
mod demo;
mod health;
mod metrics;
mod page;
