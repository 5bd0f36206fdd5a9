//! Mirrors src/db.
