//! A finding of `chatoxide check`, as it is printed and as JSON.

use serde::Serialize;

use crate::db::catalog::{self, Severity};

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    Ok,
    Warning,
    /// An event fails that the original serves, or shows what it should not.
    Fault,
}

impl Verdict {
    fn label(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warn",
            Verdict::Fault => "FAULT",
        }
    }
}

/// The consequence of most faults of settings, and of a database that cannot be used.
pub(super) const DOES_NOT_START: &str = "the server does not start";

/// A line of the report.
#[derive(Serialize)]
pub(super) struct Finding {
    pub(super) severity: Verdict,
    pub(super) place: &'static str,
    pub(super) text: String,
    pub(super) consequence: String,
    pub(super) mend: String,
}

impl Finding {
    pub(super) fn new(severity: Verdict, place: &'static str, text: impl Into<String>) -> Self {
        let (consequence, mend) = (String::new(), String::new());
        Self { severity, place, text: text.into(), consequence, mend }
    }

    pub(super) fn fault(place: &'static str, text: impl Into<String>, consequence: &str) -> Self {
        Self { consequence: consequence.to_owned(), ..Self::new(Verdict::Fault, place, text) }
    }

    pub(super) fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: mend.into(), ..self }
    }

    /// A finding of the catalog, about the database of this name.
    pub(super) fn of_catalog(name: &str, found: &catalog::Finding) -> Self {
        let severity = if found.severity == Severity::Notice { Verdict::Warning } else { Verdict::Fault };
        let consequence = match found.severity {
            Severity::Unusable if found.consequence.is_empty() => DOES_NOT_START,
            _ => &found.consequence,
        };
        Self {
            severity,
            place: "database",
            text: format!("{name}: {}", found.text),
            consequence: consequence.to_owned(),
            mend: found.mend.clone(),
        }
    }

    /// The finding with its consequence.
    pub(super) fn sentence(&self) -> String {
        let Self { text, consequence, .. } = self;
        if consequence.is_empty() { text.clone() } else { format!("{text}: {consequence}") }
    }

    /// The lines that are printed.
    pub(super) fn lines(&self) -> String {
        let mut lines = format!("{:<7}{}: {}", self.severity.label(), self.place, self.sentence());
        if !self.mend.is_empty() {
            lines.push_str(&format!("\n       mend: {}", self.mend));
        }
        lines
    }
}
