//! Mirrors src/commands: the program as it is run, its settings, what it logs.

mod check;
mod logs;
mod program;
mod settings;
