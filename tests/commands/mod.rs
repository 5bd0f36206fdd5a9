//! Mirrors src/commands: the program as it is run, its settings, its logs, and the documents about them.

mod addresses;
mod check;
mod check_types;
mod documents;
mod folders;
mod health;
mod logs;
mod program;
mod settings;
mod token;
mod transfer;
