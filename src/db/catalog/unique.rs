//! Compares the unique keys of a table with those of the original: some refuse rows which the original's tables accept, and
//! some are missing.

use super::{Catalog, Finding, Severity, Table, finding::MAP};

/// A unique index over all rows of a table.
pub(super) struct UniqueIndex {
    pub(super) table: &'static Table,
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// A constraint has made it.
    pub(super) is_constraint: bool,
}

impl Catalog {
    /// Adds the findings about the unique indexes of a table.
    pub(super) fn compare_unique(&mut self, table: &'static Table, indexes: &[UniqueIndex]) {
        for index in indexes.iter().filter(|index| index.table.name == table.name) {
            self.compare_unique_index(index);
        }
        for key in table.unique {
            // A table in parts has a longer key, which leads to the row all the same.
            let is_same = |index: &&UniqueIndex| match (*key, index.columns.first()) {
                ([only], Some(first)) => first == only,
                _ => {
                    index.columns.len() == key.len()
                        && key.iter().all(|column| index.columns.iter().any(|of| of == column))
                }
            };
            // The server looks for another user of an e-mail address by itself.
            let is_needed = *key != ["email"];
            if is_needed && !indexes.iter().filter(is_same).any(|index| index.table.name == table.name) {
                self.add_missing_key(table, key);
            }
        }
    }

    fn compare_unique_index(&mut self, index: &UniqueIndex) {
        let table = index.table;
        let has = |column: &&str| index.columns.iter().any(|of_index| of_index == column);
        // A column that is not written has NULL or a default.
        let is_written = |name: &String| {
            table
                .columns
                .iter()
                .any(|column| column.name == name && column.is_inserted && !column.may_be_null)
        };
        let is_of_original = table.unique.iter().any(|columns| columns.iter().all(&has));
        if is_of_original || !index.columns.iter().all(is_written) {
            return;
        }
        let columns =
            index.columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
        let consequence = match table.name {
            "Room" => {
                "room:create fails where another room has the same, and so does dm:start, as all direct rooms have one \
                       name and type"
            }
            "User" => "a new user with the same value as another user is not made a user",
            "Message" => "messages with the same value as another fail",
            "Reaction" => "reactions with the same value as another fail",
            _ => "a user with the same value as another member becomes no member",
        };
        let (name, of) = (&index.name, table.name);
        let finding = Finding::new(
            Severity::Partial,
            format!("the unique index \"{name}\" is on {columns} of \"{of}\""),
        );
        let mend = match (of, index.is_constraint) {
            // A mapping gives a newcomer whose name is taken another one.
            ("User", _) if self.has_schemas => MAP.to_owned(),
            (_, true) if self.has_schemas => format!("ALTER TABLE \"{of}\" DROP CONSTRAINT \"{name}\""),
            // SQLite drops no constraint.
            (_, true) => "make the table anew without the key, as a migration of Prisma does".to_owned(),
            (_, false) => format!("DROP INDEX \"{name}\""),
        };
        self.add(finding.consequence(consequence).mend(mend).of_inserts(of));
    }

    fn add_missing_key(&mut self, table: &Table, key: &[&str]) {
        let of = table.name;
        let consequence = match of {
            "User" => "every event looks through all users, and a newcomer may be stored twice",
            "Room" => {
                "every event looks through all rooms, and dm:start stores a direct room again each time"
            }
            "Message" => "each change of a message looks through all messages",
            "Reaction" if *key == ["id"] => return,
            "Reaction" => "each page looks through all reactions, and other programs may store one twice",
            _ => "every event looks through all members, and one may be stored twice",
        };
        let columns = key.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
        let name = format!("{of}_{}_key", key.join("_"));
        let concurrently = if self.has_schemas { "CONCURRENTLY " } else { "" };
        let severity = if of == "Room" { Severity::Partial } else { Severity::Notice };
        let finding = Finding::new(severity, format!("\"{of}\" has no unique key on {columns}"));
        self.add(finding.consequence(consequence).mend(format!(
            "CREATE UNIQUE INDEX {concurrently}\"{name}\" ON \"{of}\" ({columns}), once no row is there twice"
        )));
    }
}
