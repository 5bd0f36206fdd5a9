//! Mirrors src/http: what answers beside Socket.IO, and what goes around both.

mod cors;
mod engine_errors;
mod health;
mod index;
mod metrics;
