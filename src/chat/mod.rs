//! What is true of any chat: ids, limits, times, who may do what. No I/O, no async, nothing else of ours but `error`.

pub mod direct;
pub mod id;
pub mod js_date;
pub mod limits;
pub mod message;
pub mod permission;
pub mod room;
pub mod timestamp;
