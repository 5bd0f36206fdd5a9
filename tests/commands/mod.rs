//! Mirrors src/commands: the program as it is run, its settings, its logs, and the documents about them.

mod addresses;
mod check;
mod check_all;
mod check_rights;
mod check_rows;
mod check_sign_in;
mod check_types;
mod documents;
mod folders;
mod health;
mod logs;
mod logs_sign_in;
mod plan;
pub(crate) mod program;
mod settings;
mod token;
mod transfer;
mod unreachable;
mod verify;
