//! Mirrors src/commands: the program as it is run, its settings, what it logs.

mod logs;
mod program;
mod settings;
