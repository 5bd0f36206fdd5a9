//! Mirrors src/commands.
