//! Reads all rows of a chat in one snapshot, and writes them into a database, in batches: `chatoxide export` and
//! `chatoxide import`. One file for each kind of row.

mod batch;
mod checks;
mod dialect;
mod entries;
mod heads;
mod import;
mod json_text;
mod logs;
mod members;
mod mention_marks;
mod mentions;
mod messages;
mod presences;
mod reactions;
mod read_marks;
mod room_details;
mod rooms;
mod snapshot;
mod stored;
mod thread_followers;
mod thread_replies;
mod threads;
mod user_settings;
mod users;

pub use import::{Conflict, Imported, Importer, Line, Refused};
pub use snapshot::Snapshot;

use super::moment::MomentRow;
use crate::chat::timestamp::Timestamp;

/// A time that is stored, in milliseconds since 1970, within the years that a file may have.
fn millis(at: MomentRow) -> i64 {
    Timestamp::from(at).millis().clamp(*checks::TIMES.start(), *checks::TIMES.end())
}
