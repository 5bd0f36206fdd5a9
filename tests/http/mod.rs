//! Mirrors src/http: what answers beside Socket.IO, and what goes around both.

mod cors;
mod demo;
mod health;
mod metrics;
mod page;
