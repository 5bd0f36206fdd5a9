//! Findings about ids: those of type uuid, and columns that are too short for them.

use super::{Differences, EVERYTHING, Finding, Severity};
use crate::prisma::{
    model::{Column, Model},
    roles::Roles,
    widths::{Short, short},
};

impl Differences {
    /// Ids of type uuid: all columns of the same ids have to be of that type.
    pub(super) fn ids(&mut self, roles: &Roles<'_>) {
        let is_uuid = |(_, column): &&(&Model, &Column)| column.is_native("Uuid");
        for group in roles.same_ids() {
            let Some((model, column)) = group.iter().find(|place| !is_uuid(place)) else { continue };
            for (other, id) in group.iter().filter(is_uuid) {
                let text = format!(
                    "it is of type uuid, and {}.{} has the same ids as text",
                    model.name, column.field
                );
                self.fault(format!("{}.{}", other.name, id.field), text, EVERYTHING);
            }
        }
    }

    /// Columns that a mapping cannot widen.
    pub(super) fn widths(&mut self, roles: &Roles<'_>, tables_in: &str) {
        for Short { place, text, fails, mend } in short(roles, tables_in) {
            let (severity, consequence) = (Severity::Fault, fails.to_owned());
            self.findings.push(Finding { severity, place, text, consequence, mend });
        }
    }
}
