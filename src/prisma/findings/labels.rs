//! Findings about enums without a label that chatoxide writes.

use super::{Differences, Finding, Severity};
use crate::prisma::{
    model::{Column, Enum, Model, Schema},
    roles::Roles,
    view::{literal, type_of},
};

fn missing<'l>(found: &Enum, wanted: &[&'l str]) -> Vec<&'l str> {
    let is_missing = |kind: &&str| found.labels.iter().all(|label| !label.eq_ignore_ascii_case(kind));
    wanted.iter().copied().filter(is_missing).collect()
}

impl Differences {
    pub(super) fn labels(&mut self, schema: &Schema, roles: &Roles<'_>, tables_in: &str) {
        let room = &roles.room;
        if let Some((column, found)) = room.kind.and_then(|kind| Some((kind, schema.find_enum(&kind.kind)?)))
        {
            let sql_type = type_of(column, schema, tables_in);
            for kind in missing(found, &["public", "private", "direct"]) {
                let consequence = match kind {
                    "direct" => "dm:start fails".to_owned(),
                    kind => format!("room:create fails for {kind} rooms"),
                };
                self.label((room.model, column, found), (&[kind], &sql_type), consequence);
            }
        }
        let message = &roles.message;
        if let Some((column, found)) =
            message.kind.and_then(|kind| Some((kind, schema.find_enum(&kind.kind)?)))
        {
            let lacking = missing(found, &["text", "image", "file"]);
            let sql_type = type_of(column, schema, tables_in);
            let consequence = "messages of these types are refused".to_owned();
            self.label((message.model, column, found), (&lacking, &sql_type), consequence);
        }
    }

    fn label(
        &mut self,
        (model, column, found): (&Model, &Column, &Enum),
        (lacking, sql_type): (&[&str], &str),
        consequence: String,
    ) {
        if lacking.is_empty() {
            return;
        }
        let is_upper = found.labels.iter().all(|label| label.to_uppercase() == *label);
        let statements = lacking.iter().map(|label| {
            let label = if is_upper { label.to_uppercase() } else { (*label).to_owned() };
            format!("ALTER TYPE {sql_type} ADD VALUE {}", literal(&label))
        });
        let statements: Vec<String> = statements.collect();
        self.findings.push(Finding {
            severity: Severity::Fault,
            place: format!("{}.{}", model.name, column.field),
            text: format!("the enum `{}` has no label for {}", found.name, lacking.join(" and ")),
            consequence,
            mend: format!(
                "{}, which is what a migration does once the enum `{}` of the schema has it",
                statements.join("; "),
                found.name
            ),
        });
    }
}
