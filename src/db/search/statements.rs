//! The statements that write the index, for the database in use. Rows and ids are passed as JSON.

use serde_json::json;

use super::sqlite::slot;
use crate::{chat::id::RoomId, db::Db};

pub(super) struct Statements {
    pub(super) is_postgres: bool,
    /// Selects rooms, and locks them. Rooms that somebody else has locked are left out.
    pub(super) lock: String,
    pub(super) heads: String,
    pub(super) entries: String,
    /// Moves the cursors of rooms on in their logs.
    pub(super) advance: String,
    /// Moves the cursors of rooms back in their history.
    pub(super) filled: String,
    pub(super) upsert: Vec<String>,
    pub(super) remove: Vec<String>,
    /// Removes the messages of a room between two moments, except some.
    pub(super) trim: Vec<String>,
}

/// A list of ids, as a parameter.
pub(super) fn ids_of(room_ids: &[RoomId]) -> String {
    json!(room_ids).to_string()
}

const LOCK: &str = "SELECT number, room_id, seq, filled_at, filled_id, is_filled FROM own.search_room
    WHERE room_id IN $ids ORDER BY number";
const HEADS: &str = "SELECT room_id, seq FROM own.room_head WHERE room_id IN $ids";
const ENTRIES: &str =
    "SELECT room.number AS number, entry.seq AS seq, entry.kind AS kind, entry.message_id AS message_id
    FROM $rooms JOIN own.room_log AS entry
    ON entry.room_id = room.id AND entry.seq > room.seq AND entry.seq <= room.last
    ORDER BY room.number, entry.seq";
const ADVANCE: &str =
    "UPDATE own.search_room AS stored SET seq = new.seq, is_filled = stored.is_filled AND NOT new.refills,
        filled_at = CASE WHEN new.refills THEN NULL ELSE stored.filled_at END,
        filled_id = CASE WHEN new.refills THEN '' ELSE stored.filled_id END
    FROM $advanced WHERE stored.number = new.number";
const FILLED: &str =
    "UPDATE own.search_room AS stored SET filled_at = new.at, filled_id = new.id, is_filled = new.is_filled
    FROM $filled WHERE stored.number = new.number";

const UPSERT_PG: &str = "INSERT INTO chatoxide.search_message AS stored (message_id, room, at, tokens)
    SELECT id, room, at, CAST(tokens AS tsvector)
    FROM json_to_recordset(CAST($1 AS JSON)) AS new (id TEXT, room INTEGER, at BIGINT, tokens TEXT) ORDER BY id
    ON CONFLICT (message_id) DO UPDATE SET room = excluded.room, at = excluded.at, tokens = excluded.tokens
    WHERE (stored.room, stored.at, stored.tokens) IS DISTINCT FROM (excluded.room, excluded.at, excluded.tokens)";
const REMOVE_PG: &str = "DELETE FROM chatoxide.search_message
    WHERE message_id = ANY (ARRAY(SELECT json_array_elements_text(CAST($1 AS JSON))))";
const TRIM_PG: &str = "DELETE FROM chatoxide.search_message WHERE room = $1 AND at > $2 AND at < $3
    AND message_id <> ALL (ARRAY(SELECT json_array_elements_text(CAST($4 AS JSON))))";

/// A message whose time has changed gets another number.
const MOVED: &str = "SELECT stored.number FROM json_each($1) AS new
    JOIN chatoxide_search_message AS stored ON stored.message_id = new.value ->> 'id'
    WHERE stored.number >> 20 <> new.value ->> 'slot'";
/// Messages of one millisecond are numbered after those that are there.
const NUMBER: &str = "INSERT INTO chatoxide_search_message (number, message_id, room)
    SELECT first + row_number() OVER (PARTITION BY slot ORDER BY id) - 1, id, room FROM (
        SELECT value ->> 'id' AS id, value ->> 'room' AS room, value ->> 'slot' AS slot, coalesce(
            (SELECT max(number) + 1 FROM chatoxide_search_message
                WHERE number BETWEEN (value ->> 'slot') << 20 AND ((value ->> 'slot') << 20) + 1048575),
            (value ->> 'slot') << 20
        ) AS first FROM json_each($1)
    ) AS new
    WHERE NOT EXISTS (SELECT 1 FROM chatoxide_search_message AS stored WHERE stored.message_id = new.id)";
const MOVE_ROOM: &str =
    "UPDATE chatoxide_search_message AS stored SET room = new.value ->> 'room' FROM json_each($1) AS new
    WHERE stored.message_id = new.value ->> 'id' AND stored.room <> new.value ->> 'room'";
const WORDS: &str = "INSERT OR REPLACE INTO chatoxide_search_words (rowid, words, tags)
    SELECT stored.number, new.value ->> 'words', new.value ->> 'tags' FROM json_each($1) AS new
    JOIN chatoxide_search_message AS stored ON stored.message_id = new.value ->> 'id'";
const REMOVED: &str =
    "SELECT number FROM chatoxide_search_message WHERE message_id IN (SELECT value FROM json_each($1))";
const TRIMMED: &str =
    "SELECT number FROM chatoxide_search_message WHERE room = $1 AND number > $2 AND number < $3
    AND message_id NOT IN (SELECT value FROM json_each($4))";

/// The parts that differ, with the text of each database.
const PARTS_PG: [(&str, &str); 6] = [
    ("own.", "chatoxide."),
    ("$ids", "(SELECT json_array_elements_text(CAST($1 AS JSON)))"),
    (
        "$rooms",
        "json_to_recordset(CAST($1 AS JSON)) AS room (id TEXT, number INTEGER, seq BIGINT, last BIGINT)",
    ),
    ("$advanced", "json_to_recordset(CAST($1 AS JSON)) AS new (number INTEGER, seq BIGINT, refills BOOLEAN)"),
    (
        "$filled",
        "json_to_recordset(CAST($1 AS JSON)) AS new (number INTEGER, at BIGINT, id TEXT, is_filled BOOLEAN)",
    ),
    ("ORDER BY number", "ORDER BY number FOR UPDATE SKIP LOCKED"),
];
const PARTS_LITE: [(&str, &str); 5] = [
    ("own.", "chatoxide_"),
    ("$ids", "(SELECT value FROM json_each($1))"),
    (
        "$rooms",
        "(SELECT value ->> 'id' AS id, value ->> 'number' AS number, value ->> 'seq' AS seq, value ->> 'last' AS last
            FROM json_each($1)) AS room",
    ),
    (
        "$advanced",
        "(SELECT value ->> 'number' AS number, value ->> 'seq' AS seq, value ->> 'refills' AS refills
            FROM json_each($1)) AS new",
    ),
    (
        "$filled",
        "(SELECT value ->> 'number' AS number, value ->> 'at' AS at, value ->> 'id' AS id,
            value ->> 'is_filled' AS is_filled FROM json_each($1)) AS new",
    ),
];

impl Statements {
    pub(super) fn of(db: &Db) -> Self {
        let is_postgres = matches!(db, Db::Pg { .. });
        let parts: &[(&str, &str)] = if is_postgres { &PARTS_PG } else { &PARTS_LITE };
        let written = |statement: &str| {
            parts.iter().fold(statement.to_owned(), |text, (part, instead)| text.replace(part, instead))
        };
        let both = |selected: &str| {
            ["chatoxide_search_words WHERE rowid", "chatoxide_search_message WHERE number"]
                .map(|of| format!("DELETE FROM {of} IN ({selected})"))
        };
        let (upsert, remove, trim) = if is_postgres {
            let one = |statement: &str| vec![statement.to_owned()];
            (one(UPSERT_PG), one(REMOVE_PG), one(TRIM_PG))
        } else {
            let rest = [NUMBER, MOVE_ROOM, WORDS].map(str::to_owned);
            (both(MOVED).into_iter().chain(rest).collect(), both(REMOVED).into(), both(TRIMMED).into())
        };
        Self {
            is_postgres,
            lock: written(LOCK),
            heads: written(HEADS),
            entries: written(ENTRIES),
            advance: written(ADVANCE),
            filled: written(FILLED),
            upsert,
            remove,
            trim,
        }
    }

    /// The bounds of [`Self::trim`], which are outside of what it removes; none is no bound.
    pub(super) fn between(&self, above: Option<i64>, below: Option<i64>) -> (i64, i64) {
        if self.is_postgres {
            return (above.unwrap_or(i64::MIN), below.unwrap_or(i64::MAX));
        }
        let above = above.map_or(i64::MIN, |above| (slot(above) << 20) + 1_048_575);
        (above, below.map_or(i64::MAX, |below| slot(below) << 20))
    }
}
