//! Mirrors src/commands: the program as it is run, its settings, its logs, and the documents about them.

mod check;
mod documents;
mod logs;
mod program;
mod settings;
