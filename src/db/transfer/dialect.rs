//! One text of a statement for both databases, and for the columns of a team's own.

use std::sync::Arc;

use crate::{
    chat::timestamp::Timestamp,
    db::{Db, columns::Columns},
};

/// A table that a statement reads in place of the heads of logs where a database has none of our tables.
const NO_HEADS: &str = "(SELECT CAST(NULL AS TEXT) AS room_id, CAST(NULL AS BIGINT) AS seq, \
    CAST(NULL AS TIMESTAMP) AS at WHERE 1 = 0)";

#[derive(Clone)]
pub(super) struct Dialect {
    is_postgres: bool,
    /// The database has our own tables.
    has_own: bool,
    pub(super) columns: Arc<Columns>,
}

impl Dialect {
    pub(super) fn new(db: &Db, has_own: bool, columns: Arc<Columns>) -> Self {
        Self { is_postgres: matches!(db, Db::Pg { .. }), has_own, columns }
    }

    /// Writes a statement about `table`, where `$new` stands for the rows of its only parameter, JSON with these
    /// fields. Our own tables are named `own.room_head`.
    pub(super) fn write(&self, table: &str, fields: &[(&str, &str)], sql: &str) -> String {
        let adapted = self.columns.adapt(table, sql).replace("$new", &self.rows(fields));
        let adapted = if self.has_own { adapted } else { adapted.replace("own.room_head", NO_HEADS) };
        if self.is_postgres {
            return adapted.replace("own.", "chatoxide.");
        }
        // A cast keeps SQLite from an index.
        let adapted = ["t.\"id\"", "t.\"A\"", "t.\"B\"", "room.\"id\"", "reader.\"id\"", "message.\"id\""]
            .into_iter()
            .fold(adapted, |sql, id| sql.replace(&format!("CAST({id} AS TEXT)"), id));
        // SQLite has neither these types nor this collation: its texts compare by their bytes anyway.
        [("AS JSONB", "AS TEXT"), ("AS \"MessageType\"", "AS TEXT"), ("AS \"RoomType\"", "AS TEXT")]
            .into_iter()
            .chain([("COLLATE \"C\"", ""), ("own.", "chatoxide_")])
            .fold(adapted, |sql, (postgres, sqlite)| sql.replace(postgres, sqlite))
    }

    /// The rows of a document as a table.
    fn rows(&self, fields: &[(&str, &str)]) -> String {
        let list =
            |field: fn(&(&str, &str)) -> String| fields.iter().map(field).collect::<Vec<_>>().join(", ");
        match self.is_postgres {
            true => {
                let columns = list(|(name, kind)| format!("{name} {kind}"));
                format!("json_to_recordset(CAST($1 AS JSON)) AS new ({columns})")
            }
            false => {
                let columns = list(|(name, _)| format!("value ->> '{name}' AS {name}"));
                format!("(SELECT {columns} FROM json_each($1)) AS new")
            }
        }
    }

    /// A time of the original's tables in a document.
    pub(super) fn time(&self, millis: i64) -> String {
        self.columns.moment(Timestamp::from_millis(millis).naive()).sqlite_text()
    }

    /// A time of our own tables in a document.
    pub(super) fn own_time(&self, millis: i64) -> String {
        Timestamp::from_millis(millis).naive().format("%F %T%.f").to_string()
    }
}
