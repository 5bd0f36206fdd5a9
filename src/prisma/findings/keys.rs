//! Findings about unique keys that refuse rows which the original's tables accept, and about fields that chatoxide writes NULL
//! to.

use super::{Differences, Finding, Severity};
use crate::prisma::{
    model::{Column, Model, Schema},
    roles::Roles,
    view::{quoted, table_of},
};

/// A model with its columns that every inserted row has a value in, and its keys of the original.
struct Written<'a> {
    model: &'a Model,
    columns: Vec<&'a Column>,
    keys: Vec<Vec<&'a Column>>,
    consequence: &'static str,
}

impl Differences {
    pub(super) fn uniques(&mut self, roles: &Roles<'_>) {
        for Written { model, columns, keys, consequence } in written(roles) {
            let is_written = |field: &String| columns.iter().any(|column| column.field == *field);
            for unique in &model.uniques {
                let has = |column: &&Column| unique.contains(&column.field);
                let is_of_original = keys.iter().any(|key| key.iter().all(has));
                if is_of_original || !unique.iter().all(is_written) {
                    continue;
                }
                let of_user = model.name == roles.user.model.name;
                let place = match unique.as_slice() {
                    [field] => format!("{}.{field}", model.name),
                    _ => model.name.clone(),
                };
                let text = match unique.len() {
                    1 => "it is unique".to_owned(),
                    _ => format!("{} are unique together", unique.join(" and ")),
                };
                let mend = match (of_user, self.is_sqlite) {
                    // The views give a newcomer whose name is taken a name with a suffix.
                    (true, false) => self.map.clone(),
                    _ => "take the key out of the schema and migrate".to_owned(),
                };
                let consequence = consequence.to_owned();
                self.findings.push(Finding { severity: Severity::Fault, place, text, consequence, mend });
            }
        }
    }

    /// Relations by which a message is not deleted.
    pub(super) fn refusals(&mut self, schema: &Schema, roles: &Roles<'_>) {
        let message = roles.message.model;
        // The server deletes the reactions of a message.
        let is_reaction =
            |model: &Model| roles.reaction.as_ref().is_some_and(|reaction| reaction.model.name == model.name);
        for model in schema.models.iter().filter(|model| !is_reaction(model)) {
            let refuses = model.relations.iter().filter(|relation| {
                relation.target == message.name && !relation.columns.is_empty() && relation.refuses_deletion
            });
            for relation in refuses {
                self.findings.push(Finding {
                    severity: Severity::Note,
                    place: format!("{}.{}", model.name, relation.field),
                    text: "it refers to messages, and the database refuses to delete them".to_owned(),
                    consequence:
                        "message:delete is refused as conflict for a message that such a row refers to"
                            .to_owned(),
                    mend: "give the relation onDelete: Cascade or SetNull in the schema, and migrate"
                        .to_owned(),
                });
            }
        }
    }

    /// Reactions that may be there twice.
    pub(super) fn doubles(&mut self, roles: &Roles<'_>) {
        let Some(reaction) = &roles.reaction else { return };
        let fields = [reaction.message, reaction.user, reaction.emoji].map(|column| column.field.as_str());
        if !reaction.model.is_unique(&fields) {
            self.findings.push(Finding {
                severity: Severity::Note,
                place: reaction.model.name.clone(),
                text: format!("it has no unique key on {}", fields.join(", ")),
                consequence: "each page looks through all reactions, and other programs may store one twice"
                    .to_owned(),
                mend: format!("@@unique([{}]) in the schema", fields.join(", ")),
            });
        }
    }

    /// Fields that chatoxide writes NULL to.
    pub(super) fn required(&mut self, roles: &Roles<'_>, tables_in: &str) {
        let (user, message) = (&roles.user, &roles.message);
        let columns = [
            (user.model, user.avatar, "nobody can sign in who is not a user yet"),
            (message.model, message.reply_to, "no message can be sent"),
        ];
        for (model, column, consequence) in columns {
            let Some(column) = column.filter(|column| column.is_required) else { continue };
            let statement = format!(
                "ALTER TABLE {} ALTER {} DROP NOT NULL",
                table_of(model, tables_in),
                quoted(&column.name)
            );
            let schema = format!("make it optional in the schema ({}?) and migrate", column.field);
            self.findings.push(Finding {
                severity: Severity::Fault,
                place: format!("{}.{}", model.name, column.field),
                text: "it is required, and chatoxide writes NULL there".to_owned(),
                consequence: consequence.to_owned(),
                mend: if self.is_sqlite { schema } else { format!("{schema}, or {statement}") },
            });
        }
    }
}

fn written<'a>(roles: &Roles<'a>) -> Vec<Written<'a>> {
    let Roles { user, room, message, reaction, .. } = roles;
    let there = |columns: &[Option<&'a Column>]| columns.iter().flatten().copied().collect::<Vec<_>>();
    let email = user.email.map(|email| vec![email]);
    let mut written = vec![
        Written {
            model: user.model,
            columns: there(&[Some(user.id), user.names.first().copied(), user.email, user.created_at]),
            keys: [Some(vec![user.id]), email].into_iter().flatten().collect(),
            consequence: "a newcomer with the same value as another user, such as a name that is taken, is refused",
        },
        Written {
            model: room.model,
            columns: there(&[Some(room.id), room.name, room.kind, room.created_at]),
            keys: vec![vec![room.id]],
            consequence: "room:create fails where another room has the same, and so does dm:start, as all direct rooms have one \
                          name and type",
        },
        Written {
            model: message.model,
            columns: there(&[
                Some(message.id),
                Some(message.room),
                Some(message.sender),
                Some(message.content),
                message.kind,
                message.metadata,
                Some(message.created_at),
            ]),
            keys: vec![vec![message.id]],
            consequence: "messages with the same value as another fail",
        },
    ];
    if let Some(reaction) = reaction {
        let (of, user, emoji) = (reaction.message, reaction.user, reaction.emoji);
        written.push(Written {
            model: reaction.model,
            columns: there(&[reaction.id, Some(of), Some(user), Some(emoji)]),
            keys: [reaction.id.map(|id| vec![id]), Some(vec![of, user, emoji])]
                .into_iter()
                .flatten()
                .collect(),
            consequence: "reactions with the same value as another fail",
        });
    }
    written
}
