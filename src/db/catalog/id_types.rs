//! Columns of ids whose type is not text.

use super::{Catalog, Finding, Severity, finding::MAP};

/// A column of ids whose type is not text.
#[derive(Debug)]
pub(super) struct IdColumn {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) type_name: String,
}

/// The columns that hold the same ids, for each kind of row. They must have one type.
pub(super) const ID_COLUMNS: [&[(&str, &str)]; 5] = [
    &[("User", "id"), ("Message", "senderId"), ("Reaction", "userId"), ("_RoomMembers", "B")],
    &[("Room", "id"), ("Message", "roomId"), ("_RoomMembers", "A")],
    &[("Message", "id"), ("Reaction", "messageId")],
    &[("Reaction", "id")],
    &[("Message", "replyTo")],
];

/// True for a type of ids that is not text.
pub(super) fn is_id_type(type_name: &str) -> bool {
    let name = type_name.to_ascii_lowercase();
    ["int", "serial", "numeric", "uuid"].iter().any(|part| name.contains(part))
}

impl Catalog {
    /// Adds a finding for columns of ids whose type is not supported: numbers, and UUIDs beside texts of the same ids.
    pub(super) fn add_id_types(&mut self) {
        let ids = std::mem::take(&mut self.ids);
        let is_uuid = |table: &str, column: &str| {
            ids.iter().any(|id| id.type_name == "uuid" && (id.table, id.column) == (table, column))
        };
        let is_whole = |id: &&IdColumn| {
            let is_of = |group: &&&[(&str, &str)]| group.contains(&(id.table, id.column));
            let group = ID_COLUMNS.iter().find(is_of);
            group.is_some_and(|group| group.iter().all(|(table, column)| is_uuid(table, column)))
        };
        let unsupported: Vec<&IdColumn> = ids.iter().filter(|id| !is_whole(id)).collect();
        if let Some(IdColumn { table, column, type_name }) = unsupported.first() {
            let others = match unsupported.len() - 1 {
                0 => String::new(),
                others => format!(", and so are {others} more columns of ids or the like"),
            };
            let is_of_reactions = unsupported.iter().all(|id| (id.table, id.column) == ("Reaction", "id"));
            let text = format!(
                "column \"{column}\" of \"{table}\" is of type {type_name}, where text without padding is expected{others}"
            );
            let consequence = "ids that are numbers are not supported yet, nor UUIDs that are not the type of all columns of \
                               the same ids; nothing was changed";
            let finding = Finding::new(Severity::Unusable, text).consequence(consequence);
            self.add(if is_of_reactions { finding.mend(MAP) } else { finding });
        }
    }
}
