//! Mirrors src/log: the queue, group commit and the writer.

mod group_commit;
mod writer;
