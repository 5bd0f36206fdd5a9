//! Compares a table's columns with those of the original.

use super::{
    Catalog, Column, Columns, Finding, Severity,
    expected::{CANNOT_EDIT, ColumnKind, ExpectedColumn, Table},
    finding::MAP,
    id_types::{IdColumn, is_id_type},
};

/// Columns by which teams mark a message as deleted, in lower case and without underscores.
const SOFT_DELETION: [&str; 4] = ["deletedat", "isdeleted", "deleted", "removedat"];

impl Catalog {
    /// Compares a table's columns with the expected ones.
    pub(super) fn compare(&mut self, table: &Table, columns: &Columns) {
        let name = table.name;
        for expected in table.columns {
            match columns.get(expected.name) {
                Some(column) => self.compare_column(table, expected, column),
                None => {
                    let text = format!("table \"{name}\" has no column \"{}\"", expected.name);
                    let finding = Finding::new(Severity::Unusable, text);
                    self.add(match self.has_schemas {
                        true => finding.consequence("views can have it").mend(MAP),
                        false => finding.consequence("every event may fail"),
                    });
                }
            }
        }
        for (column, there) in columns {
            if table.columns.iter().all(|expected| expected.name != column) {
                self.look_at_other(table, column, there);
            }
        }
    }

    fn compare_column(&mut self, table: &Table, expected: &ExpectedColumn, column: &Column) {
        let (name, of) = (expected.name, table.name);
        if expected.kind == ColumnKind::Key && is_id_type(&column.type_name) {
            let type_name = column.type_name.clone();
            self.ids.push(IdColumn { table: of, column: name, type_name });
        } else if !column.kind.is_some_and(|found| expected.kind.takes(found)) {
            let (found, kind) = (&column.type_name, expected.kind);
            let text = format!("column \"{name}\" of \"{of}\" is of type {found}, where {kind} is expected");
            let mend = match (self.has_schemas, kind) {
                (true, ColumnKind::Key | ColumnKind::Text) => self.alter(of, name, "TYPE text"),
                (true, ColumnKind::Json) => {
                    self.alter(of, name, &format!("TYPE jsonb USING to_jsonb(\"{name}\")"))
                }
                _ => String::new(),
            };
            self.add(Finding::new(Severity::Unusable, text).mend(mend));
        }
        if column.is_generated {
            let consequence = match (expected.is_inserted, expected.is_updated) {
                (true, false) => table.cannot_insert.to_owned(),
                (true, true) => format!("{}, and {CANNOT_EDIT}", table.cannot_insert),
                (false, _) => CANNOT_EDIT.to_owned(),
            };
            let text = format!("column \"{name}\" of \"{of}\" is generated or computed");
            let mend = if column.in_table { self.alter(of, name, "DROP EXPRESSION") } else { MAP.to_owned() };
            let finding = Finding::new(Severity::Partial, text).consequence(consequence);
            self.add(finding.mend(mend).of_inserts(of));
        }
        let is_filled = !expected.is_inserted && (column.has_default || column.is_generated);
        if expected.may_be_null && !column.is_nullable && !is_filled {
            let finding =
                Finding::new(Severity::Partial, format!("column \"{name}\" of \"{of}\" is NOT NULL"));
            let mend = self.alter(of, name, "DROP NOT NULL");
            self.add(finding.consequence(table.cannot_insert).mend(mend).of_inserts(of));
        }
    }

    /// Looks at a column that the original does not have.
    fn look_at_other(&mut self, table: &Table, column: &str, there: &Column) {
        let name = table.name;
        let plain = column.replace('_', "").to_lowercase();
        if name == "Message" && SOFT_DELETION.contains(&plain.as_str()) {
            let text = format!("column \"{column}\" of \"{name}\" looks like a mark of deleted messages");
            let consequence = "message:delete deletes the row, and marked messages are shown like others";
            let finding = Finding::new(Severity::Notice, text).consequence(consequence);
            self.add(if self.has_schemas { finding.mend(MAP) } else { finding });
        }
        // `@updatedAt` is filled as Prisma does.
        let is_filled =
            column == "updatedAt" && there.kind == Some(ColumnKind::Time) && matches!(name, "User" | "Room");
        if is_filled || there.is_nullable || there.has_default || there.is_generated {
            return;
        }
        let text = format!("column \"{column}\" of \"{name}\" is NOT NULL and has no default");
        let mend = self.alter(name, column, &format!("SET DEFAULT {}", default_of(&there.type_name)));
        let finding = Finding::new(Severity::Partial, text).consequence(table.cannot_insert);
        self.add(finding.mend(mend).of_inserts(name));
    }

    /// A statement that alters a column; empty on SQLite, which has none.
    fn alter(&self, table: &str, column: &str, change: &str) -> String {
        match self.has_schemas {
            true => format!("ALTER TABLE \"{table}\" ALTER \"{column}\" {change}"),
            false => String::new(),
        }
    }
}

/// A default for a type: for a text only the team knows one.
fn default_of(type_name: &str) -> &'static str {
    match type_name {
        "boolean" => "false",
        "jsonb" | "json" => "'{}'",
        "uuid" => "gen_random_uuid()",
        name if name.ends_with("[]") => "'{}'",
        name if name.starts_with("timestamp") || name == "date" => "now()",
        name if ["int", "numeric", "double", "real"].iter().any(|number| name.contains(number)) => "0",
        _ => "'...'",
    }
}
