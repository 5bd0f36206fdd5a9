//! `EXTERNAL_CHANGES`.

use clap::ValueEnum;

/// How changes by other programs are found in a database that is not watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExternalChanges {
    /// By comparing rooms with the database.
    Detect,
    /// Not at all: no other program writes.
    Off,
}
