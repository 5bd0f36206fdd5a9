//! The file of `chatoxide export`: JSON Lines with a header, one row of the chat's tables a line, and a last line with
//! counts and a checksum. docs/deploying.md describes it. No database here.

pub mod counts;
pub mod frame;
pub mod reader;
pub mod record;
pub mod writer;
