//! Findings about native types that are read or written otherwise than a text, and about short columns.

use super::{Differences, Finding, Severity};
use crate::prisma::{
    model::{Column, Kind, Model},
    roles::Roles,
    view::{quoted, table_of},
};

/// Native types of texts that are read exactly as they were written.
const KEYS: [&str; 3] = ["Text", "VarChar", "Citext"];

/// The fewest characters that a column of messages should take: more than people type.
const USUAL_CONTENT: usize = 2_000;

/// The length of the placeholder e-mail address of a user whose id is a UUID.
const USUAL_EMAIL: usize = 50;

impl Differences {
    pub(super) fn types(&mut self, roles: &Roles<'_>, tables_in: &str) {
        let Roles { user, message, room, reaction, .. } = roles;
        let is_among = |column: &Column, natives: &[&str]| {
            let is_plain = column.native.is_none() || column.kind != Kind::String;
            is_plain || natives.iter().any(|native| column.is_native(native))
        };
        let texts = [
            (user.model, user.names.first().copied()),
            (user.model, user.email),
            (user.model, user.avatar),
            (room.model, room.name),
            (message.model, Some(message.content)),
        ];
        let mut odd: Vec<(&Model, &Column)> = texts
            .into_iter()
            .filter_map(|(model, column)| Some((model, column?)))
            .filter(|(_, column)| !is_among(column, &[&KEYS[..], &["Char"]].concat()))
            .collect();
        let mut ids = roles.same_ids().concat();
        ids.extend(message.reply_to.map(|reply| (message.model, reply)));
        odd.extend(ids.into_iter().filter(|(_, column)| !is_among(column, &[&KEYS[..], &["Uuid"]].concat())));
        let emoji = reaction.as_ref().map(|reaction| (reaction.model, reaction.emoji));
        odd.extend(emoji.filter(|(_, column)| !is_among(column, &KEYS)));
        for (model, column) in odd {
            let native = column.native.as_deref().unwrap_or_default();
            self.findings.push(Finding {
                severity: Severity::Fault,
                place: format!("{}.{}", model.name, column.field),
                text: format!("it is @db.{native}, where a text without padding is expected"),
                consequence: "the server does not start".to_owned(),
                mend: widen(model, column, tables_in),
            });
        }
        let content = message.content;
        if let Some(most) = content.most().filter(|most| *most < USUAL_CONTENT) {
            self.findings.push(Finding {
                severity: Severity::Note,
                place: format!("{}.{}", message.model.name, content.field),
                text: format!("it takes {most} characters"),
                consequence: "longer messages are refused as bad_input, by message:send and message:edit"
                    .to_owned(),
                mend: format!(
                    "{}, or set MAX_MESSAGE_LENGTH={most}",
                    widen(message.model, content, tables_in)
                ),
            });
        }
        if let Some((email, most)) = user.email.and_then(|email| Some((email, email.most()?)))
            && most < USUAL_EMAIL
        {
            self.findings.push(Finding {
                severity: Severity::Note,
                place: format!("{}.{}", user.model.name, email.field),
                text: format!(
                    "it takes {most} characters, which may be too short for \"<id>@users.invalid\""
                ),
                consequence: "a user with a long id, and no e-mail address in the token, is not made a user"
                    .to_owned(),
                mend: widen(user.model, email, tables_in),
            });
        }
    }
}

/// The statement that makes a column a text of any length.
pub(super) fn widen(model: &Model, column: &Column, tables_in: &str) -> String {
    format!("ALTER TABLE {} ALTER COLUMN {} TYPE text", table_of(model, tables_in), quoted(&column.name))
}
