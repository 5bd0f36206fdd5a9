//! Integration with other programs beside this node: today, the keys in Redis that Node servers share with us.

mod listed_message;
pub mod node_cache;
