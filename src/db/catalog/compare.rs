//! Compares a table's columns with those of the original.

use super::{
    Catalog, Column, Columns, Finding, Severity,
    expected::{CANNOT_EDIT, ColumnKind, ExpectedColumn, Table},
    finding::MAP,
    id_types::{IdColumn, is_id_type},
};

/// Columns by which teams mark a message or a room as deleted, in lower case and without underscores: times, and flags.
const DELETION_TIMES: [&str; 3] = ["deletedat", "deletedon", "removedat"];
const DELETION_FLAGS: [&str; 4] = ["isdeleted", "deleted", "isremoved", "removed"];

/// The mend of a column of SQLite.
const MIGRATE: &str = "change it in the schema of Prisma and migrate";

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
                        false => finding.consequence("every event may fail").mend(MIGRATE),
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
        self.known.insert((of, name));
        self.look_at_rows(table, expected, column);
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
                (true, ColumnKind::Time) => self.alter(of, name, "TYPE timestamp(3)"),
                (true, _) => MAP.to_owned(),
                (false, _) => MIGRATE.to_owned(),
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

    /// Adds the possible faults of a column's rows: NULL in an id, and unknown types of rooms in a text.
    fn look_at_rows(&mut self, table: &Table, expected: &ExpectedColumn, column: &Column) {
        let (name, of) = (expected.name, table.name);
        // A NULL elsewhere is shown as its default. Views do not say which columns are nullable, and a scan would take long.
        let is_key = expected.kind == ColumnKind::Key && !expected.may_be_null;
        // A message without a time has no place in the history.
        let is_needed = is_key || (of, name) == ("Message", "createdAt");
        if is_needed && column.in_table && column.is_nullable {
            let finding =
                Finding::new(Severity::Partial, format!("\"{of}\" has rows whose \"{name}\" is NULL"));
            let mend = format!("UPDATE \"{of}\" SET \"{name}\" = '...' WHERE \"{name}\" IS NULL");
            let finding = finding.consequence("such rows cannot be shown").mend(mend);
            self.add_row_check(of, finding, &format!("\"{name}\" IS NULL"));
        }
        let is_text = !self.has_schemas || matches!(column.kind, Some(ColumnKind::Key | ColumnKind::Text));
        if expected.kind == ColumnKind::RoomType && is_text {
            let finding = Finding::new(
                Severity::Notice,
                "\"Room\" has rows of other types than public, private and direct",
            );
            let finding = finding.consequence("they are treated as private rooms");
            let condition = "lower(CAST(\"type\" AS TEXT)) NOT IN ('public', 'private', 'direct')";
            self.add_sampled_check(of, finding, condition);
        }
    }

    /// Looks at a column that the original does not have.
    fn look_at_other(&mut self, table: &Table, column: &str, there: &Column) {
        let name = table.name;
        let plain = column.replace('_', "").to_lowercase();
        let (is_time, is_flag) =
            (DELETION_TIMES.contains(&plain.as_str()), DELETION_FLAGS.contains(&plain.as_str()));
        if is_time || is_flag {
            self.look_at_mark(name, column, is_flag);
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

    /// A mark of deletion is a fault where rows have it.
    fn look_at_mark(&mut self, table: &'static str, column: &str, is_flag: bool) {
        let (rows, consequence) = match table {
            "Message" => {
                ("messages", "message:delete deletes the row, and marked messages are shown like others")
            }
            "Room" => ("rooms", "members may still enter the marked rooms"),
            _ => return,
        };
        let mend = match self.has_schemas {
            true => MAP.to_owned(),
            false => {
                format!("DELETE FROM \"{table}\" WHERE the mark is set, or drop the column if it is none")
            }
        };
        let finding =
            |severity, text| Finding::new(severity, text).consequence(consequence).mend(mend.clone());
        let text = format!("column \"{column}\" of \"{table}\" looks like a mark of deleted {rows}");
        let condition = match is_flag {
            true => format!("CAST(\"{column}\" AS TEXT) NOT IN ('0', 'f', 'false', 'no', '')"),
            false => format!("\"{column}\" IS NOT NULL"),
        };
        self.add_sampled_check(
            table,
            finding(Severity::Partial, format!("{text}, and rows have it")),
            &condition,
        );
        if let Some(check) = self.row_checks.last_mut() {
            check.instead_of = Some(text.clone());
        }
        self.add(finding(Severity::Notice, text));
    }

    /// A statement that alters a column. SQLite has none.
    fn alter(&self, table: &str, column: &str, change: &str) -> String {
        match self.has_schemas {
            true => format!("ALTER TABLE \"{table}\" ALTER \"{column}\" {change}"),
            false => MIGRATE.to_owned(),
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
