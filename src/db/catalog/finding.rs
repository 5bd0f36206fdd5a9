//! A finding about a database: the difference, its consequence, and what mends it.

use std::fmt;

/// The command that proposes views over tables that differ.
pub(super) const MAP: &str = "chatoxide map --schema prisma/schema.prisma";

#[derive(Clone, Debug)]
pub struct Finding {
    pub severity: Severity,
    /// The difference, as a clause.
    pub text: String,
    /// The events that fail, or behave unlike the original. Empty if the text says so.
    pub consequence: String,
    /// The SQL or the command that mends it. Empty if none does.
    pub mend: String,
    /// The finding concerns only users who are not in the database yet.
    pub(super) only_new_users: bool,
    /// The rows can be read nevertheless.
    pub(super) only_writing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Everything works, as far as the catalog shows.
    Notice,
    /// Some events fail.
    Partial,
    /// The server cannot work with it.
    Unusable,
}

impl Finding {
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        let (consequence, mend) = (String::new(), String::new());
        Self { severity, text: text.into(), consequence, mend, only_new_users: false, only_writing: false }
    }

    pub fn consequence(mut self, consequence: impl Into<String>) -> Self {
        self.consequence = consequence.into();
        self
    }

    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = mend.into();
        self
    }

    /// The finding is about writing only.
    pub(super) fn of_writing(mut self) -> Self {
        self.only_writing = true;
        self
    }

    /// The finding is about rows of this table that cannot be inserted.
    pub(super) fn of_inserts(mut self, table: &str) -> Self {
        self.only_new_users = table == "User";
        self
    }
}

/// One sentence.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if !self.consequence.is_empty() {
            write!(f, ": {}", self.consequence)?;
        }
        if !self.mend.is_empty() {
            write!(f, "; to mend it, run {}", self.mend)?;
        }
        Ok(())
    }
}
