//! Makes the five views of a mapping from the roles of a schema's models.

mod kinds;
mod members;
mod message;
mod reaction;
mod room;
mod user;

use super::{
    model::{Column, Kind, Model, Schema},
    options::Options,
    roles::{MixedIds, Roles},
    view::{Ask, Fill, View, ViewColumn, guess, now_for, quoted, table_of, type_of},
};

pub(super) struct Builder<'a> {
    pub(super) schema: &'a Schema,
    pub(super) options: &'a Options,
    /// Ids that are shown as text.
    pub(super) mixed: MixedIds,
    pub(super) asks: Vec<Ask>,
    /// Facts that a person should know, each a sentence.
    pub(super) notes: Vec<String>,
}

/// Makes the views, in the order of the tables that they refer to.
pub(super) fn build(builder: &mut Builder<'_>, roles: &Roles<'_>) -> Vec<View> {
    vec![
        user::view(builder, &roles.user),
        room::view(builder, &roles.room, &roles.members),
        message::view(builder, &roles.message),
        reaction::view(builder, roles),
        members::view(builder, roles),
    ]
}

impl Builder<'_> {
    fn table(&self, model: &Model) -> String {
        table_of(model, &self.options.tables_in)
    }

    fn type_of(&self, column: &Column) -> String {
        type_of(column, self.schema, &self.options.tables_in)
    }

    /// A type of the mapping's own schema.
    fn own_type(&self, name: &str) -> String {
        format!("{}.{}", quoted(&self.options.into), quoted(name))
    }

    /// Values for the columns that have to be filled at an INSERT and that the view does not write.
    fn fills(&mut self, model: &Model, written: &[String], row_id: &str, fails: &'static str) -> Vec<Fill> {
        let mut fills = Vec::new();
        for column in &model.columns {
            let name = quoted(&column.name);
            if written.contains(&name) {
                continue;
            }
            let key = format!("{}.{}", model.name, column.field);
            let given =
                self.options.fills.get(&key).map(|value| (format!("({value})"), "as given by --fill"));
            if given.is_none() && column.has_database_default() {
                continue;
            }
            let is_unique = model.is_unique(&[&column.field]);
            let refers = model.relations.iter().find(|relation| relation.columns.contains(&column.field));
            let guessed = || refers.is_none().then(|| guess(column, is_unique, row_id)).flatten();
            let (value, note) = match given.or_else(guessed) {
                Some((value, note)) => (value, note.to_owned()),
                None => {
                    let refers = refers
                        .map_or(String::new(), |relation| format!(", and refers to {}", relation.target));
                    let reason = format!("it is required, has no default in the database{refers}");
                    (self.ask(column, key, reason, fails), "asked for above".to_owned())
                }
            };
            let uses_row = value.contains("NEW.");
            fills.push(Fill { column: name, value, note, uses_row });
        }
        fills
    }

    /// Asks for a value, and returns the call of the function that will have it.
    fn ask(&mut self, column: &Column, field: String, reason: String, fails: &'static str) -> String {
        let function =
            format!("{}.{}", quoted(&self.options.into), quoted(&format!("asked_{}", self.asks.len() + 1)));
        let sql_type = self.type_of(column);
        let call = format!("{function}()");
        self.asks.push(Ask { function, sql_type, field, reason, fails });
        call
    }
}

/// A view's column over a text column.
fn text(name: &'static str, column: &Column) -> ViewColumn {
    let quoted_name = quoted(&column.name);
    let row = format!("NEW.{}", quoted(name));
    let is_uuid = column.is_native("Uuid");
    let (read, value) = match is_uuid {
        true => (format!("t.{quoted_name}::text"), format!("{row}::uuid")),
        false => (format!("t.{quoted_name}"), row),
    };
    ViewColumn { name, read, is_plain: !is_uuid, inserts: vec![(quoted_name, value)], updates: Vec::new() }
}

/// A view's column over a column of ids. Those of type uuid stay so, unless other columns of the same ids are text.
fn id(name: &'static str, column: &Column, is_mixed: bool) -> ViewColumn {
    if is_mixed { text(name, column) } else { same(name, column) }
}

/// A view's column over a column of any type that is read as it is.
fn same(name: &'static str, column: &Column) -> ViewColumn {
    let inserts = vec![(quoted(&column.name), format!("NEW.{}", quoted(name)))];
    ViewColumn {
        name,
        read: format!("t.{}", quoted(&column.name)),
        is_plain: true,
        inserts,
        updates: Vec::new(),
    }
}

/// A view's column that no column of the table is behind.
fn computed(name: &'static str, read: String) -> ViewColumn {
    ViewColumn { name, read, is_plain: false, inserts: Vec::new(), updates: Vec::new() }
}

/// The condition that a trigger finds a row by.
fn key(name: &str, column: &Column) -> (String, String) {
    let row = format!("OLD.{}", quoted(name));
    (quoted(&column.name), if column.is_native("Uuid") { format!("{row}::uuid") } else { row })
}

/// The columns that the view's columns insert into.
fn written(columns: &[ViewColumn]) -> Vec<String> {
    columns.iter().flat_map(|column| &column.inserts).map(|(name, _)| name.clone()).collect()
}

/// Soft deletion: the columns that mark a row instead of deleting it.
#[derive(Default)]
struct SoftDeletion {
    /// The conditions for a row that is not deleted; `t` is the table.
    filters: Vec<String>,
    /// The assignments that mark a row, and those that undo it.
    marks: Vec<(String, String)>,
    undoes: Vec<(String, String)>,
}

impl SoftDeletion {
    fn new(columns: &[&Column]) -> Self {
        let mut found = Self::default();
        for column in columns {
            let name = quoted(&column.name);
            let (filter, mark, undo) = match column.kind {
                Kind::Boolean => ("IS NOT TRUE", "true", "false"),
                _ => ("IS NULL", now_for(column), "NULL"),
            };
            found.filters.push(format!("t.{name} {filter}"));
            found.marks.push((name.clone(), mark.to_owned()));
            found.undoes.push((name, undo.to_owned()));
        }
        found
    }
}
