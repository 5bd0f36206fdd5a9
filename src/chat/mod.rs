//! The rules that hold for any chat: ids, limits, times, permissions, and the one error type. No I/O, no async, and no
//! import of ours.

pub mod cursor;
pub mod direct;
mod error;
pub mod id;
pub mod js_date;
pub mod json;
pub mod limits;
pub mod mention;
pub mod message;
pub mod permission;
pub mod room;
pub mod status;
pub mod timestamp;

pub use error::{Error, Result, chained};
