//! The original's tables, as chatoxide reads and writes them.

use std::fmt;

pub struct Table {
    pub name: &'static str,
    pub(super) columns: &'static [ExpectedColumn],
    /// The consequence when no row can be inserted.
    pub(super) cannot_insert: &'static str,
    /// The consequence when no row can be updated; none if chatoxide never updates this table.
    pub(super) cannot_update: Option<&'static str>,
    pub(super) cannot_delete: Option<&'static str>,
    /// The unique keys, each a set of columns.
    pub(super) unique: &'static [&'static [&'static str]],
    /// The statements that create the table on PostgreSQL, and on SQLite.
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

pub(super) struct ExpectedColumn {
    pub(super) name: &'static str,
    pub(super) kind: ColumnKind,
    /// Rows may be inserted with NULL in this column.
    pub(super) may_be_null: bool,
    /// The column is updated in existing rows.
    pub(super) is_updated: bool,
    /// The column is named when rows are inserted.
    pub(super) is_inserted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// Text that is read exactly as it was written, and so can be compared.
    Key,
    /// Any text, including text that is padded with blanks.
    Text,
    Time,
    Json,
    /// An enum of any name.
    Label,
    RoomType,
    MessageType,
}

impl ColumnKind {
    /// True if a column that is expected to be of this kind may be of the kind `found`.
    pub(super) fn takes(self, found: Self) -> bool {
        use ColumnKind::{Json, Key, Label, MessageType, RoomType, Text};
        self == found
            || matches!(
                (self, found),
                (Text | Json | RoomType | MessageType, Key) | (RoomType | MessageType, Label)
            )
    }
}

impl fmt::Display for ColumnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ColumnKind::Key => "text without padding",
            ColumnKind::Text => "text",
            ColumnKind::Time => "timestamp",
            ColumnKind::Json => "jsonb, json or text",
            ColumnKind::Label => "an enum",
            ColumnKind::RoomType => "the enum \"RoomType\", another enum or text",
            ColumnKind::MessageType => "the enum \"MessageType\", another enum or text",
        })
    }
}

/// The consequence if existing messages cannot be updated.
pub(super) const CANNOT_EDIT: &str = "no message can be edited";

/// The tables with a column of types, and the labels that chatoxide writes there.
pub(super) const LABELS: [(&str, &[&str]); 2] =
    [("Room", &["public", "private", "direct"]), ("Message", &["text", "image", "file"])];

const fn column(name: &'static str, kind: ColumnKind) -> ExpectedColumn {
    ExpectedColumn { name, kind, may_be_null: false, is_updated: false, is_inserted: true }
}

const fn nullable(column: ExpectedColumn) -> ExpectedColumn {
    ExpectedColumn { may_be_null: true, ..column }
}

const fn updated(column: ExpectedColumn) -> ExpectedColumn {
    ExpectedColumn { is_updated: true, ..column }
}

const fn only_updated(column: ExpectedColumn) -> ExpectedColumn {
    ExpectedColumn { is_inserted: false, ..updated(column) }
}

macro_rules! statements {
    ($database:literal, $file:literal) => {
        include_str!(concat!("../../../migrations/original/", $database, "/", $file, ".sql"))
    };
}

/// Ordered by foreign keys: each table comes after those that it refers to.
pub const TABLES: [Table; 5] = [
    Table {
        name: "User",
        columns: &[
            column("id", ColumnKind::Key),
            column("name", ColumnKind::Text),
            column("email", ColumnKind::Text),
            nullable(column("avatar", ColumnKind::Text)),
            column("createdAt", ColumnKind::Time),
        ],
        cannot_insert: "nobody can sign in who is not a user yet",
        cannot_update: None,
        cannot_delete: None,
        unique: &[&["id"], &["email"]],
        postgres: statements!("postgres", "user"),
        sqlite: statements!("sqlite", "user"),
    },
    Table {
        name: "Room",
        columns: &[
            column("id", ColumnKind::Key),
            updated(column("name", ColumnKind::Text)),
            column("type", ColumnKind::RoomType),
            column("createdAt", ColumnKind::Time),
        ],
        cannot_insert: "no room can be made",
        cannot_update: Some("no room can be renamed"),
        cannot_delete: None,
        unique: &[&["id"]],
        postgres: statements!("postgres", "room"),
        sqlite: statements!("sqlite", "room"),
    },
    Table {
        name: "Message",
        columns: &[
            column("id", ColumnKind::Key),
            column("roomId", ColumnKind::Key),
            column("senderId", ColumnKind::Key),
            updated(column("content", ColumnKind::Text)),
            column("type", ColumnKind::MessageType),
            column("metadata", ColumnKind::Json),
            nullable(column("replyTo", ColumnKind::Key)),
            column("createdAt", ColumnKind::Time),
            only_updated(column("updatedAt", ColumnKind::Time)),
        ],
        cannot_insert: "no message can be sent",
        // Every change of a message or its reactions takes a row lock on it, which needs this right, too.
        cannot_update: Some("no message can be edited or deleted, and none be reacted to"),
        cannot_delete: Some("no message can be deleted"),
        unique: &[&["id"]],
        postgres: statements!("postgres", "message"),
        sqlite: statements!("sqlite", "message"),
    },
    Table {
        name: "Reaction",
        columns: &[
            column("id", ColumnKind::Key),
            column("messageId", ColumnKind::Key),
            column("userId", ColumnKind::Key),
            column("emoji", ColumnKind::Key),
        ],
        cannot_insert: "no reaction can be added",
        cannot_update: None,
        cannot_delete: Some("no reaction can be removed"),
        unique: &[&["id"], &["messageId", "userId", "emoji"]],
        postgres: statements!("postgres", "reaction"),
        sqlite: statements!("sqlite", "reaction"),
    },
    Table {
        name: "_RoomMembers",
        columns: &[column("A", ColumnKind::Key), column("B", ColumnKind::Key)],
        cannot_insert: "nobody can become a member of a room",
        cannot_update: None,
        cannot_delete: None,
        unique: &[&["A", "B"]],
        postgres: statements!("postgres", "room_members"),
        sqlite: statements!("sqlite", "room_members"),
    },
];
