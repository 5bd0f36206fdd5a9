//! Door 1: Socket.IO. `events/` has one file per client event; the rest is what all of them share.

mod attachments;
mod chunk;
pub mod connect;
mod context;
mod disconnect;
mod dispatch;
mod document;
mod events;
mod handshake;
mod payload;
mod queue;
mod request;
mod session;
mod sign_in;

pub use events::document;
