//! The first and the last line of an archive, and its checksum.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::counts::Counts;

/// The version of the format that is written here. Format 1 has no threads, mentions and presences, and is read, too.
pub const FORMAT: u32 = 2;

/// The longest line, in bytes. A row that takes more is neither exported nor imported.
pub const MAX_LINE: usize = 64 * 1_024 * 1_024;

/// The first line: `{"chatoxide": {..}}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    pub format: u32,
    /// The version of the program that wrote the file.
    pub version: String,
    /// The time of the export, in milliseconds since 1970 UTC.
    pub exported_at: i64,
    pub counts: Counts,
}

/// The part of a header that every format has.
#[derive(Debug, Deserialize)]
pub(super) struct AnyHeader {
    pub(super) format: u32,
    #[serde(default)]
    pub(super) version: String,
}

/// A first line, whose header is of type `H`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct First<H> {
    pub(super) chatoxide: H,
}

/// The last line: `{"end": {..}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) counts: Counts,
    /// The SHA-256 of all lines between the first and this one, with their line ends, in hexadecimal.
    pub(super) sha256: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Last {
    pub(super) end: End,
}

/// The beginning of a last line. Kinds of other lines have other names.
pub(super) const LAST_BEGINS: &[u8] = b"{\"end\":";

pub(super) fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
