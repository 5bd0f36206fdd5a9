//! Mirrors src/cluster: the keys in Redis that Node servers share with us.

mod node_cache;
mod repair;
