//! The types that messages may have in the database, for those of the settings.

use super::{Finding, Severity};

/// The labels that a column of types takes.
#[derive(Debug)]
pub(super) struct TypeLabels {
    /// The enum; none: SQLite's CHECK.
    pub(super) sql_type: Option<String>,
    pub(super) labels: Vec<String>,
}

impl TypeLabels {
    /// The finding if the labels lack this one.
    pub(super) fn lacks(&self, label: &str) -> Option<Finding> {
        if self.labels.iter().any(|there| there.eq_ignore_ascii_case(label)) {
            return None;
        }
        Some(match &self.sql_type {
            Some(sql_type) => {
                let text = format!("MESSAGE_TYPES has {label}, which the enum {sql_type} lacks");
                let label = label.replace('\'', "''");
                Finding::new(Severity::Unusable, text)
                    .mend(format!("ALTER TYPE {sql_type} ADD VALUE '{label}'"))
            }
            None => {
                let text = format!("MESSAGE_TYPES has {label}, which a CHECK of table \"Message\" refuses");
                let check = TYPE_CHECK.replace('\'', "''");
                Finding::new(Severity::Unusable, text).mend(format!(
                    "with the server stopped, PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, \
                     '{check}', '') WHERE name = 'Message'"
                ))
            }
        })
    }
}

/// The CHECK on the types of messages in SQLite files that earlier versions made.
pub(super) const TYPE_CHECK: &str = r#" CHECK ("type" IN ('text', 'image', 'file', 'system'))"#;
