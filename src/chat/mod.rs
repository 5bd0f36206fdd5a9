//! The rules that hold for any chat: ids, limits, times, permissions. No I/O, no async, and no import of ours but
//! `error`.

pub mod direct;
pub mod id;
pub mod js_date;
pub mod limits;
pub mod message;
pub mod permission;
pub mod room;
pub mod timestamp;
