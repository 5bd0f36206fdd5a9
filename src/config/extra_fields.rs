//! `EXTRA_FIELDS`.

use clap::ValueEnum;

/// The fields of `message:send` that this server does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExtraFields {
    /// They are ignored, as in the original.
    Drop,
    /// They are stored in the message's metadata.
    Metadata,
}
