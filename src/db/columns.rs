//! How a team's columns differ from the original's: the types and labels of `Room.type` and `Message.type`, the type of
//! `Message.metadata`, where `updatedAt` is required, and, on SQLite, how times are stored. They are read at
//! the start. Statements are written for the original's columns; [`Columns::adapt`] rewrites them for others.

use std::borrow::Cow;

use chrono::NaiveDateTime;
use serde::Deserialize;

use super::{
    ids::IdTypes,
    moment::{MomentRow, TimeFormat},
};
use crate::chat::message::MessageType;

/// The labels that the server writes.
const ROOM_LABELS: [&str; 3] = ["public", "private", "direct"];
const MESSAGE_LABELS: [&str; 4] = ["text", "image", "file", "system"];

/// The time of the last edit in a statement, and what it is where a message that was not edited has the time of its
/// creation there.
const EDITED: &str = r#"/*edited*/date_trunc('milliseconds', "updatedAt")"#;
const EDITED_LATER: &str =
    r#"nullif(date_trunc('milliseconds', "updatedAt"), date_trunc('milliseconds', "createdAt"))"#;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub room_type: Labels,
    pub message_type: Labels,
    /// The SQL type of `Message.metadata`.
    metadata_type: String,
    /// The tables whose `updatedAt` is NOT NULL: a new row has its time of creation there, as Prisma's `@updatedAt` writes.
    requires_updated_at: Vec<String>,
    /// SQLite only.
    pub time_format: TimeFormat,
    pub id_types: IdTypes,
}

/// The column of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The name of its SQL type, quoted where needed.
    sql_type: String,
    is_enum: bool,
    /// The labels as the database spells them: those of the enum, or those that the server writes into a text.
    spelled: Vec<String>,
}

/// A column as PostgreSQL's catalog describes it.
#[derive(Debug, Deserialize)]
pub(super) struct Described {
    table: String,
    column: String,
    sql_type: String,
    is_required: bool,
    /// None: the type is no enum.
    labels: Option<Vec<String>>,
}

impl Described {
    /// True for a column of types that is a text: only its rows show how labels are spelled.
    pub(super) fn is_text_of_types(&self) -> bool {
        self.column == "type" && self.labels.is_none() && matches!(self.table.as_str(), "Room" | "Message")
    }
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            room_type: Labels::of_enum("\"RoomType\"", &ROOM_LABELS),
            message_type: Labels::of_enum("\"MessageType\"", &MESSAGE_LABELS),
            metadata_type: "JSONB".to_owned(),
            requires_updated_at: Vec::new(),
            time_format: TimeFormat::default(),
            id_types: IdTypes::default(),
        }
    }
}

impl Columns {
    /// The columns that PostgreSQL describes.
    pub(super) fn described(described: Vec<Described>, samples: &Samples) -> Self {
        let mut columns = Self::default();
        for column in described {
            match (column.table.as_str(), column.column.as_str()) {
                ("Room", "type") => columns.room_type = Labels::read(column, &samples.room, &ROOM_LABELS),
                ("Message", "type") => {
                    columns.message_type = Labels::read(column, &samples.message, &MESSAGE_LABELS);
                }
                ("Message", "metadata") => columns.metadata_type = column.sql_type.to_uppercase(),
                (_, "updatedAt") if column.is_required => columns.requires_updated_at.push(column.table),
                ("User", "id") => columns.id_types.users = column.sql_type == "uuid",
                ("Room", "id") => columns.id_types.rooms = column.sql_type == "uuid",
                ("Message", "id") => columns.id_types.messages = column.sql_type == "uuid",
                ("Reaction", "id") => columns.id_types.reactions = column.sql_type == "uuid",
                ("Message", "replyTo") => columns.id_types.replies = column.sql_type == "uuid",
                _ => {}
            }
        }
        columns.requires_updated_at.sort_unstable();
        columns
    }

    /// The columns of a SQLite file, where types are text.
    pub(super) fn of_sqlite(
        samples: &Samples,
        requires_updated_at: Vec<String>,
        time_format: TimeFormat,
    ) -> Self {
        Self {
            room_type: Labels::of_text("TEXT".to_owned(), samples.room.as_deref(), &ROOM_LABELS),
            message_type: Labels::of_text("TEXT".to_owned(), samples.message.as_deref(), &MESSAGE_LABELS),
            requires_updated_at,
            time_format,
            ..Self::default()
        }
    }

    /// A time as the database stores it.
    pub fn moment(&self, at: NaiveDateTime) -> MomentRow {
        MomentRow { at, format: self.time_format }
    }

    pub fn requires_updated_at(&self, table: &str) -> bool {
        self.requires_updated_at.iter().any(|requires| requires == table)
    }

    /// Rewrites a statement that inserts into `table` for these columns: the types in its casts, also of ids, `/*user*/TEXT`,
    /// and its parts in comments, `/*, ..*/`, which write `updatedAt` where that is required. On the original's columns it
    /// stays as it is.
    pub fn adapt<'a>(&self, table: &str, sql: &'a str) -> Cow<'a, str> {
        let mut adapted = Cow::Borrowed(sql);
        for (cast, is_uuid) in self.id_types.each() {
            if (is_uuid || self.requires_updated_at(table)) && adapted.contains(cast) {
                adapted = adapted.replace(cast, if is_uuid { "UUID" } else { "TEXT" }).into();
            }
        }
        if self.requires_updated_at(table) && adapted.contains(EDITED) {
            adapted = adapted.replace(EDITED, EDITED_LATER).into();
        }
        if self.requires_updated_at(table) && adapted.contains("/*,") {
            adapted = adapted.replace("/*,", ",").replace("*/", "").into();
        }
        // The names of a team's types come last, so that nothing is replaced within them.
        for (original, found) in [
            ("AS JSONB", &self.metadata_type),
            ("AS \"MessageType\"", &self.message_type.sql_type),
            ("AS \"RoomType\"", &self.room_type.sql_type),
        ] {
            if original.strip_prefix("AS ") != Some(found) && adapted.contains(original) {
                adapted = adapted.replace(original, &format!("AS {found}")).into();
            }
        }
        adapted
    }
}

/// Labels that columns have where these are texts: the default's, or else a row's.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pub(super) room: Option<String>,
    pub(super) message: Option<String>,
}

impl Labels {
    fn of_enum(sql_type: &str, labels: &[&str]) -> Self {
        let spelled = labels.iter().copied().map(str::to_owned).collect();
        Self { sql_type: sql_type.to_owned(), is_enum: true, spelled }
    }

    fn read(column: Described, sample: &Option<String>, known: &[&str]) -> Self {
        match column.labels {
            Some(spelled) => Self { sql_type: column.sql_type, is_enum: true, spelled },
            None => Self::of_text(column.sql_type, sample.as_deref(), known),
        }
    }

    /// A text has the labels in the case of those that are there.
    fn of_text(sql_type: String, sample: Option<&str>, known: &[&str]) -> Self {
        let sample = sample.filter(|sample| known.iter().any(|label| label.eq_ignore_ascii_case(sample)));
        let starts_upper =
            sample.is_some_and(|sample| sample.starts_with(|first: char| first.is_ascii_uppercase()));
        let is_upper =
            sample.is_some_and(|sample| !sample.contains(|letter: char| letter.is_ascii_lowercase()));
        let spell = |label: &&str| match (label.split_at_checked(1), starts_upper, is_upper) {
            (_, _, true) => label.to_ascii_uppercase(),
            (Some((first, rest)), true, false) => format!("{}{rest}", first.to_ascii_uppercase()),
            _ => (*label).to_owned(),
        };
        Self { sql_type, is_enum: false, spelled: known.iter().map(spell).collect() }
    }

    /// The label as the database spells it.
    pub fn spell<'a>(&'a self, label: &'a str) -> &'a str {
        let is_same = |spelled: &&String| *spelled == label;
        let is_alike = |spelled: &&String| spelled.eq_ignore_ascii_case(label);
        self.spelled
            .iter()
            .find(is_same)
            .or_else(|| self.spelled.iter().find(is_alike))
            .map_or(label, String::as_str)
    }

    /// The type of a message as a client names it: one of the original's may be spelled as the database does.
    pub fn read_as_spelled(&self, kind: MessageType) -> MessageType {
        match kind {
            MessageType::Other(label) if self.spelled.iter().any(|spelled| **spelled == *label) => {
                MessageType::from_label(&label)
            }
            kind => kind,
        }
    }

    /// The condition that a room is of a type.
    pub fn condition(&self, column: &str, label: &str) -> String {
        if !self.is_enum {
            return format!("lower({column}) = '{label}'");
        }
        let is_alike = |spelled: &&String| spelled.eq_ignore_ascii_case(label);
        let quote = |spelled: &String| format!("'{}'", spelled.replace('\'', "''"));
        let quoted: Vec<String> = self.spelled.iter().filter(is_alike).map(quote).collect();
        if quoted.is_empty() { "1 = 0".to_owned() } else { format!("{column} IN ({})", quoted.join(", ")) }
    }

    /// The enum's name, if it lacks the label.
    pub fn lacks(&self, label: &str) -> Option<&str> {
        let is_there = self.spelled.iter().any(|spelled| spelled.eq_ignore_ascii_case(label));
        (self.is_enum && !is_there).then_some(&self.sql_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_spelled_as_the_rows_are() {
        for (sample, spelled) in [
            (None, "image"),
            (Some("text"), "image"),
            (Some("TEXT"), "IMAGE"),
            (Some("Text"), "Image"),
            // A label of a team's own says nothing of ours.
            (Some("POLL"), "image"),
        ] {
            assert_eq!(Labels::of_text("text".to_owned(), sample, &MESSAGE_LABELS).spell("image"), spelled);
        }
        let labels = Labels::of_enum("kind", &["TEXT", "Poll"]);
        assert_eq!((labels.spell("text"), labels.spell("poll"), labels.spell("x")), ("TEXT", "Poll", "x"));
        assert_eq!((labels.lacks("POLL"), labels.lacks("image")), (None, Some("kind")));
        let read = |label: &str| labels.read_as_spelled(MessageType::from_exact(label));
        assert_eq!([read("TEXT"), read("text")], [MessageType::Text, MessageType::Text]);
        assert_eq!(
            [read("Text"), read("Poll")],
            ["Text", "Poll"].map(|label| MessageType::Other(label.into()))
        );
        assert_eq!(labels.condition("c", "text"), "c IN ('TEXT')");
        assert_eq!(labels.condition("c", "image"), "1 = 0");
    }

    #[test]
    fn a_statement_stays_as_it_is_on_the_columns_of_the_original() {
        const SQL: &str = r#"INSERT (a /*, b*/) SELECT CAST(x AS "MessageType"), CAST(y AS JSONB) /*, z*/"#;
        assert!(matches!(Columns::default().adapt("Message", SQL), Cow::Borrowed(_)));
        let columns = Columns {
            requires_updated_at: vec!["Message".to_owned()],
            message_type: Labels::of_text("text".to_owned(), None, &MESSAGE_LABELS),
            ..Columns::default()
        };
        assert_eq!(
            columns.adapt("Message", SQL),
            "INSERT (a , b) SELECT CAST(x AS text), CAST(y AS JSONB) , z"
        );
    }
}
