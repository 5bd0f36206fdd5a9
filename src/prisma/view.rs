//! A view that gives chatoxide one of its tables, before it is written as SQL.

use super::model::{Column, Default as Filled, Kind, Model, Schema};

/// A view over a table.
#[derive(Debug)]
pub(super) struct View {
    /// The name that chatoxide looks for.
    pub(super) name: &'static str,
    /// The table below, quoted, with its schema.
    pub(super) table: String,
    pub(super) columns: Vec<ViewColumn>,
    /// The conditions under which a row is shown; `t` is the table.
    pub(super) filters: Vec<String>,
    /// The columns that chatoxide does not know and an INSERT has to fill: quoted name, value, and a note for people.
    pub(super) fills: Vec<Fill>,
    /// The columns by which a trigger finds the row: quoted name, and its value in the view's row.
    pub(super) key: Vec<(String, String)>,
    /// The columns that are set where an edit is made, beside those of the view.
    pub(super) touched: Vec<(String, String)>,
    /// The columns that are set instead of deleting the row.
    pub(super) deletion: Vec<(String, String)>,
    pub(super) side: Option<Side>,
    pub(super) on_insert: OnInsert,
    /// Statements of the trigger before an INSERT, such as a refusal.
    pub(super) before_insert: Vec<String>,
}

/// A value that a person has to give.
#[derive(Debug)]
pub(super) struct Ask {
    /// The function that returns it, quoted, with its schema.
    pub(super) function: String,
    pub(super) sql_type: String,
    pub(super) field: String,
    pub(super) reason: String,
    /// The events that fail until it is given.
    pub(super) fails: &'static str,
}

#[derive(Debug, PartialEq)]
pub(super) enum OnInsert {
    /// A conflict is an error.
    Plain,
    /// A row that exists is left as it is.
    UnlessThere,
    /// As [`Self::UnlessThere`], and a name that another row has gets a suffix: the quoted columns of the name.
    WithFreeName(Vec<String>),
    /// No key keeps a row from being there twice, so the trigger looks for it.
    UnlessFound,
    /// A row that is marked as deleted is there again: the assignments that undo it.
    OrRestore(Vec<(String, String)>),
}

#[derive(Debug)]
pub(super) struct ViewColumn {
    pub(super) name: &'static str,
    /// The expression that reads it; `t` is the table.
    pub(super) read: String,
    /// True if it is nothing but a column of the table, so that the view stays updatable by itself.
    pub(super) is_plain: bool,
    /// The columns that an INSERT sets, with their values.
    pub(super) inserts: Vec<(String, String)>,
    /// The columns that an UPDATE sets.
    pub(super) updates: Vec<(String, String)>,
}

#[derive(Debug, Default)]
pub(super) struct Fill {
    pub(super) column: String,
    pub(super) value: String,
    pub(super) note: String,
    /// The value refers to the row that is inserted.
    pub(super) uses_row: bool,
}

/// A table in schema `chatoxide` with what the team's table has no column for. Only rows that differ from the defaults
/// are in it.
#[derive(Debug)]
pub(super) struct Side {
    /// The table's name, quoted, with its schema.
    pub(super) table: String,
    pub(super) key_type: String,
    /// The table and the column that the key refers to, quoted.
    pub(super) refers_to: (String, String),
    pub(super) columns: Vec<SideColumn>,
}

#[derive(Debug)]
pub(super) struct SideColumn {
    pub(super) name: &'static str,
    pub(super) sql_type: &'static str,
    /// The value to store, of the row that is inserted.
    pub(super) value: String,
    /// The condition under which the value differs from the default.
    pub(super) differs: String,
    pub(super) is_inserted: bool,
    pub(super) is_updated: bool,
}

impl View {
    /// The view takes INSERT, UPDATE and DELETE by itself.
    pub(super) fn is_updatable(&self) -> bool {
        let is_hidden = |fill: &Fill| {
            !fill.uses_row && self.columns.iter().all(|column| quoted(column.name) != fill.column)
        };
        self.columns.iter().all(|column| column.is_plain)
            && self.side.is_none()
            && self.touched.is_empty()
            && self.before_insert.is_empty()
            && self.fills.iter().all(is_hidden)
            && matches!(self.on_insert, OnInsert::Plain | OnInsert::UnlessThere)
    }
}

/// An identifier in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A text for a comment: it ends no line.
pub(super) fn remark(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The table of a model, with its schema.
pub(super) fn table_of(model: &Model, tables_in: &str) -> String {
    format!("{}.{}", quoted(model.schema.as_deref().unwrap_or(tables_in)), quoted(&model.table))
}

/// The column's type in the database.
pub(super) fn type_of(column: &Column, schema: &Schema, tables_in: &str) -> String {
    if let Some(found) = schema.find_enum(&column.kind) {
        return format!(
            "{}.{}",
            quoted(found.schema.as_deref().unwrap_or(tables_in)),
            quoted(&found.sql_name)
        );
    }
    let plain = match column.kind {
        Kind::Boolean => "boolean",
        Kind::Int => "integer",
        Kind::BigInt => "bigint",
        Kind::Float => "double precision",
        Kind::Decimal => "decimal",
        Kind::DateTime => "timestamp(3)",
        Kind::Json => "jsonb",
        Kind::Bytes => "bytea",
        Kind::String | Kind::Enum(_) | Kind::Unsupported => "text",
    };
    column.native.as_deref().map_or(plain.to_owned(), |native| {
        let lower = native.to_lowercase();
        if ["time", "timestamp", "timestamptz"].contains(&lower.as_str()) {
            format!("{lower}(6)")
        } else {
            lower
        }
    })
}

/// The moment of a statement, in the column's type: without a zone, times are in UTC.
pub(super) fn now_for(column: &Column) -> &'static str {
    match column.is_native("Timestamptz") {
        true => "now()",
        false => "(now() AT TIME ZONE 'UTC')",
    }
}

/// Values that are known to do, for a required column without a default.
pub(super) fn guess(column: &Column, is_unique: bool, of_row: &str) -> Option<(String, &'static str)> {
    let name = super::roles::plain(&column.field);
    let is_secret = ["password", "hash", "salt", "secret"].iter().any(|word| name.contains(word));
    let is_uuid = column.is_native("Uuid");
    let value = match column.kind {
        Kind::DateTime => (now_for(column).to_owned(), "the time"),
        Kind::Boolean => ("false".to_owned(), "false"),
        Kind::Int | Kind::BigInt | Kind::Float | Kind::Decimal if !is_unique => ("0".to_owned(), "0"),
        Kind::Json => ("'{}'".to_owned(), "an empty object"),
        Kind::Bytes => ("''".to_owned(), "no bytes"),
        Kind::String if is_uuid && column.default == Filled::Client => {
            ("gen_random_uuid()".to_owned(), "a new id")
        }
        Kind::String if column.default == Filled::Client => (new_id(column), "a new id"),
        Kind::String if is_secret => {
            ("'!' || gen_random_uuid()::text".to_owned(), "a text that is the hash of no password")
        }
        Kind::String if is_unique && !is_uuid => (of_row.to_owned(), "the row's id, as it has to be unique"),
        _ => return None,
    };
    Some(value)
}

/// A new id as text, short enough for the column.
fn new_id(column: &Column) -> String {
    let width = column.native.as_deref().and_then(|native| native.strip_prefix("VarChar("));
    let width = width.and_then(|width| width.strip_suffix(')')?.parse::<usize>().ok());
    match width.filter(|width| *width < 36) {
        Some(width) => format!("left(replace(gen_random_uuid()::text, '-', ''), {width})"),
        None => "gen_random_uuid()::text".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_its_quotes_or_its_comment() {
        assert_eq!(quoted("a\"; DROP"), "\"a\"\"; DROP\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(remark("a\nDROP\r"), "a DROP ");
    }
}
