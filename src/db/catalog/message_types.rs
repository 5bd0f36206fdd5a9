//! The types that messages may have in the database, for those of the settings.

/// The labels that a column of types takes.
#[derive(Debug)]
pub(super) struct TypeLabels {
    /// The enum; none: SQLite's CHECK.
    pub(super) sql_type: Option<String>,
    pub(super) labels: Vec<String>,
}

impl TypeLabels {
    /// The sentence if the labels lack this one.
    pub(super) fn lacks(&self, label: &str) -> Option<String> {
        if self.labels.iter().any(|there| there.eq_ignore_ascii_case(label)) {
            return None;
        }
        Some(match &self.sql_type {
            Some(sql_type) => format!(
                "MESSAGE_TYPES has {label}, which the enum {sql_type} lacks: to add it, run ALTER TYPE {sql_type} ADD VALUE '{}'",
                label.replace('\'', "''")
            ),
            None => format!(
                "MESSAGE_TYPES has {label}, which a CHECK of table \"Message\" refuses: with the server stopped, run PRAGMA \
                 writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, '{}', '') WHERE name = 'Message'",
                TYPE_CHECK.replace('\'', "''")
            ),
        })
    }
}

/// The CHECK on the types of messages in SQLite files that earlier versions made.
pub(super) const TYPE_CHECK: &str = r#" CHECK ("type" IN ('text', 'image', 'file', 'system'))"#;
