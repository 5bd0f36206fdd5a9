//! Says from a Prisma schema alone what chatoxide cannot do with its tables as they are, and whether a mapping mends
//! it.

mod ids;
mod keys;
mod labels;
mod types;

use serde::Serialize;

use super::{
    mapping::propose,
    model::{Column, Kind, Model, Schema},
    options::Options,
    roles::{self, Members, Obstacle, Roles},
    view::quoted,
};

/// Where the schema's tables can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As they are.
    InPlace,
    /// By the views of `chatoxide map`.
    ByMapping,
    /// As they are, once the statements of the findings were run.
    AfterChanges,
    NotSupported,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// An event fails that the original serves, or shows what it should not.
    Fault,
    /// The tables are served, and there is something to know.
    Note,
}

#[derive(Debug, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// The model, or `Model.field`; empty for the whole schema.
    pub place: String,
    /// One sentence, without its full stop.
    pub text: String,
    /// The events that fail, or what else happens.
    pub consequence: String,
    /// The command, the SQL or the setting that mends it.
    pub mend: String,
}

/// The findings about a schema. Its JSON is documented in `docs/migrating-from-node.md`.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this shape.
    pub version: u32,
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
    /// The values that a mapping asks for.
    pub asked: Vec<String>,
    /// The guesses of a mapping.
    pub guessed: Vec<String>,
}

/// Checks a schema. The options are those of the mapping that is proposed.
pub fn check(schema: &Schema, options: &Options) -> Report {
    let mut report = Report {
        version: 1,
        verdict: Verdict::NotSupported,
        findings: Vec::new(),
        asked: Vec::new(),
        guessed: Vec::new(),
    };
    let is_sqlite = schema.provider.as_deref() == Some("sqlite");
    let proposal = if is_sqlite { None } else { Some(propose(schema, options)) };
    let proposal = match proposal.transpose() {
        Ok(proposal) => proposal,
        Err(obstacles) => {
            report.findings = obstacles.into_iter().map(Finding::from).collect();
            return report;
        }
    };
    let roles = match roles::find(schema, &options.uses) {
        Ok(roles) => roles,
        Err(obstacles) => {
            report.findings = obstacles.into_iter().map(Finding::from).collect();
            return report;
        }
    };
    let map = match is_sqlite {
        true => "change the schema and migrate: chatoxide map needs PostgreSQL".to_owned(),
        false => format!("chatoxide map --schema {}", options.source),
    };
    let mut differences = Differences { findings: Vec::new(), map, is_sqlite };
    differences.ids(&roles);
    differences.widths(&roles, &options.tables_in);
    differences.user(&roles);
    differences.room(&roles);
    differences.message(&roles);
    differences.members(&roles);
    differences.reaction(&roles);
    differences.uniques(&roles);
    differences.required(&roles, &options.tables_in);
    differences.refusals(schema, &roles);
    differences.doubles(&roles);
    // An enum is a text on SQLite, and its texts have no native types.
    if !is_sqlite {
        differences.types(&roles, &options.tables_in);
        differences.labels(schema, &roles, &options.tables_in);
    }
    differences.index(&roles);
    report.verdict = differences.verdict();
    report.findings = differences.findings;
    if let (Verdict::ByMapping, Some(proposal)) = (report.verdict, proposal) {
        (report.asked, report.guessed) = (proposal.asked, proposal.guessed);
    }
    report
}

impl From<Obstacle> for Finding {
    fn from(obstacle: Obstacle) -> Self {
        Self {
            severity: Severity::Fault,
            place: String::new(),
            text: obstacle.text,
            consequence: format!("{} fails", obstacle.fails),
            mend: obstacle.mend,
        }
    }
}

struct Differences {
    findings: Vec<Finding>,
    /// The mend of a difference that a mapping makes up for.
    map: String,
    is_sqlite: bool,
}

const EVERYTHING: &str = "every event fails";

/// A column that chatoxide looks for, and the one that is there.
struct Wanted<'a> {
    name: &'static str,
    found: Option<&'a Column>,
    consequence: &'static str,
}

impl Differences {
    fn verdict(&self) -> Verdict {
        let faults = || self.findings.iter().filter(|finding| finding.severity == Severity::Fault);
        if faults().next().is_none() {
            Verdict::InPlace
        } else if faults().all(|finding| finding.mend != self.map) {
            Verdict::AfterChanges
        } else if self.is_sqlite {
            Verdict::NotSupported
        } else {
            Verdict::ByMapping
        }
    }

    fn fault(&mut self, place: String, text: String, consequence: &str) {
        let (consequence, mend) = (consequence.to_owned(), self.map.clone());
        self.findings.push(Finding { severity: Severity::Fault, place, text, consequence, mend });
    }

    fn table(&mut self, model: &Model, name: &str) {
        if model.table != name {
            let text = format!("its table is {}, and chatoxide looks for \"{name}\"", quoted(&model.table));
            self.fault(model.name.clone(), text, EVERYTHING);
        }
    }

    /// Compares a model's columns with those that chatoxide writes, and finds required ones that it does not.
    /// `table`: the table of the original, and what fails if no row can be inserted.
    fn columns(&mut self, model: &Model, wanted: &[Wanted<'_>], (table, cannot_insert): (&str, &str)) {
        for Wanted { name, found, consequence } in wanted {
            match found {
                Some(column) if column.name == *name => {}
                Some(column) => {
                    let text =
                        format!("its column is {}, and chatoxide looks for \"{name}\"", quoted(&column.name));
                    self.fault(format!("{}.{}", model.name, column.field), text, consequence);
                }
                None => self.fault(model.name.clone(), format!("it has no column \"{name}\""), consequence),
            }
        }
        let is_wanted = |column: &Column| {
            wanted.iter().any(|wanted| wanted.found.is_some_and(|found| found.field == column.field))
        };
        // The server fills a required time of the last update, as Prisma does.
        let has_time = ["User", "Room", "Message"].contains(&table);
        let is_filled = |column: &Column| {
            column.has_database_default()
                || has_time && column.name == "updatedAt" && column.kind == Kind::DateTime
        };
        for column in model.columns.iter().filter(|column| !is_wanted(column) && !is_filled(column)) {
            let text = "it is required and has no default in the database".to_owned();
            self.fault(format!("{}.{}", model.name, column.field), text, cannot_insert);
        }
    }

    fn user(&mut self, roles: &Roles<'_>) {
        let user = &roles.user;
        self.table(user.model, "User");
        let wanted = [
            Wanted { name: "id", found: Some(user.id), consequence: EVERYTHING },
            Wanted { name: "name", found: user.names.first().copied(), consequence: EVERYTHING },
            Wanted {
                name: "email",
                found: user.email,
                consequence: "nobody can sign in who is not a user yet",
            },
            Wanted { name: "avatar", found: user.avatar, consequence: EVERYTHING },
            Wanted {
                name: "createdAt",
                found: user.created_at,
                consequence: "nobody can sign in who is not a user yet",
            },
        ];
        self.columns(user.model, &wanted, ("User", "nobody can sign in who is not a user yet"));
    }

    fn room(&mut self, roles: &Roles<'_>) {
        let room = &roles.room;
        self.table(room.model, "Room");
        let wanted = [
            Wanted { name: "id", found: Some(room.id), consequence: EVERYTHING },
            Wanted { name: "name", found: room.name, consequence: EVERYTHING },
            Wanted { name: "type", found: room.kind, consequence: EVERYTHING },
            Wanted { name: "createdAt", found: room.created_at, consequence: EVERYTHING },
        ];
        self.columns(room.model, &wanted, ("Room", "room:create and dm:start fail"));
        if let Some(kind) = room.kind.filter(|kind| kind.kind == Kind::Boolean) {
            let text =
                "the kind of a room is a flag, and chatoxide looks for public, private or direct".to_owned();
            self.fault(format!("{}.{}", room.model.name, kind.field), text, EVERYTHING);
        }
        for column in &room.deletion {
            let text = "deleted rooms are marked, and chatoxide shows them".to_owned();
            let place = format!("{}.{}", room.model.name, column.field);
            self.fault(place, text, "members may still enter deleted rooms");
        }
    }

    fn message(&mut self, roles: &Roles<'_>) {
        let message = &roles.message;
        self.table(message.model, "Message");
        let all = |name, found| Wanted { name, found, consequence: EVERYTHING };
        let wanted = [
            all("id", Some(message.id)),
            all("roomId", Some(message.room)),
            all("senderId", Some(message.sender)),
            all("content", Some(message.content)),
            all("type", message.kind),
            all("metadata", message.metadata),
            all("replyTo", message.reply_to),
            all("createdAt", Some(message.created_at)),
            all("updatedAt", message.updated_at),
        ];
        self.columns(message.model, &wanted, ("Message", "no message can be sent"));
        for column in &message.deletion {
            let text = "deleted messages are marked, and chatoxide deletes rows".to_owned();
            let place = format!("{}.{}", message.model.name, column.field);
            self.fault(place, text, "messages that were deleted are shown, and message:delete removes rows");
        }
    }

    fn members(&mut self, roles: &Roles<'_>) {
        let consequence = EVERYTHING;
        match &roles.members {
            Members::Join { table, is_swapped } if table.table != "_RoomMembers" || *is_swapped => {
                let text = format!(
                    "its members are in {}, and chatoxide looks for \"_RoomMembers\"",
                    quoted(&table.table)
                );
                self.fault(roles.room.model.name.clone(), text, consequence);
            }
            Members::Join { .. } => {}
            Members::Model { model, .. } => {
                let text = format!(
                    "it has the members, in {}, and chatoxide looks for the join table \"_RoomMembers\"",
                    quoted(&model.table)
                );
                self.fault(model.name.clone(), text, consequence);
            }
            Members::None => {
                self.fault(roles.room.model.name.clone(), "it has no members".to_owned(), consequence);
            }
        }
    }

    fn reaction(&mut self, roles: &Roles<'_>) {
        let Some(reaction) = &roles.reaction else {
            let text = "the schema has no reactions".to_owned();
            return self.fault(String::new(), text, "every room's history fails");
        };
        self.table(reaction.model, "Reaction");
        let all = |name, found| Wanted { name, found, consequence: EVERYTHING };
        let wanted = [
            all("id", reaction.id),
            all("messageId", Some(reaction.message)),
            all("userId", Some(reaction.user)),
            all("emoji", Some(reaction.emoji)),
        ];
        self.columns(reaction.model, &wanted, ("Reaction", "no reaction can be added"));
        if let Some(id) = reaction.id.filter(|id| id.kind != Kind::String) {
            let text = "its id is no text".to_owned();
            self.fault(format!("{}.{}", reaction.model.name, id.field), text, "no reaction can be added");
        }
    }

    fn index(&mut self, roles: &Roles<'_>) {
        let message = &roles.message;
        if message.model.leads_to_page(message.room, message.created_at) {
            return;
        }
        let (room, at) = (message.room, message.created_at);
        let index = format!("{}_{}_{}_idx", message.model.table, room.name, at.name);
        self.findings.push(Finding {
            severity: Severity::Note,
            place: message.model.name.clone(),
            text: format!("it has no index on {} and {}", room.field, at.field),
            consequence: "history is read slowly where there are many messages".to_owned(),
            mend: format!(
                "@@index([{}, {}]) in the schema, or CREATE INDEX{} ON {} ({}, {})",
                room.field,
                at.field,
                if self.is_sqlite { format!(" {}", quoted(&index)) } else { " CONCURRENTLY".to_owned() },
                quoted(&message.model.table),
                quoted(&room.name),
                quoted(&at.name)
            ),
        });
    }
}
