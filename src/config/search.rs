//! `SEARCH`.

use clap::ValueEnum;

/// Whether messages are indexed and searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Search {
    On,
    Off,
}
