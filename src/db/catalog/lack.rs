//! The tables or the rights that a database lacks, with the mend.

use std::fmt;

use super::{Catalog, Tables};

/// The tables or the rights that the server lacks.
pub struct Lack {
    pub text: String,
    /// The statements, or what else to do.
    pub mend: String,
    /// The words between the two in a sentence.
    joint: &'static str,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.text, self.joint, self.mend)
    }
}

impl Catalog {
    /// Returns the tables or the rights that the server lacks. `makes_tables`: missing tables are to be created, whatever
    /// else exists. `migrates`: chatoxide's own tables are to be created or changed.
    pub fn lack(&self, makes_tables: bool, migrates: bool) -> Option<Lack> {
        let place = &self.place;
        match &self.tables {
            Tables::Elsewhere { schema } if !makes_tables => {
                return Some(Lack {
                    text: format!("{place} has no tables, and schema \"{schema}\" has those of a chat"),
                    joint: ": ",
                    mend: "name it in DATABASE_URL (?schema=), or run chatoxide migrate --create-tables to make others"
                        .to_owned(),
                });
            }
            Tables::Unlike { missing, others } if !makes_tables => {
                let beside = if others.is_empty() { "" } else { ", but has " };
                let elsewhere = match self.has_schemas {
                    true => "in another schema, name it in DATABASE_URL (?schema=)",
                    false => "in another file, name it in DATABASE_URL",
                };
                let renamed = match (self.has_schemas, others.is_empty()) {
                    (true, false) => {
                        "; if they have other names, run chatoxide map --schema prisma/schema.prisma"
                    }
                    _ => "",
                };
                return Some(Lack {
                    text: format!(
                        "{place} has no table {}{beside}{}",
                        quoted(missing.iter().copied()),
                        quoted(others.iter().map(String::as_str))
                    ),
                    joint: ". Tables are made only where there are none at all: ",
                    mend: format!(
                        "if those of the chat are {elsewhere}{renamed}; to make those that are missing, empty ones, run \
                         chatoxide migrate --create-tables"
                    ),
                });
            }
            _ => {}
        }
        let own = self.own_grants.iter().filter(|_| migrates);
        let mut grants: Vec<&str> = self.grants.iter().chain(own).map(String::as_str).collect();
        grants.dedup();
        (!grants.is_empty()).then(|| Lack {
            text: "the role lacks rights".to_owned(),
            joint: "; an administrator has to run: ",
            mend: grants.join("; "),
        })
    }
}

/// The first few of the names, in quotes.
fn quoted<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const MOST: usize = 6;
    let left_out = names.len().saturating_sub(MOST);
    let mut text = names.take(MOST).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    if left_out > 0 {
        text.push_str(&format!(" and {left_out} more"));
    }
    text
}
