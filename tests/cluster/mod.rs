//! Mirrors src/cluster.
