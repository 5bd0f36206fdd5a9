//! Finds columns that are too short for the ids and names that chatoxide makes.

use super::{
    model::{Column, Model},
    roles::{Members, Roles},
    view::{quoted, table_of},
};

/// The length of an id that chatoxide makes, and of a direct room's name.
const OWN_ID: usize = 36;
const DIRECT_NAME: usize = 14;

/// A column that is too short.
pub(super) struct Short {
    /// `Model.field`.
    pub(super) place: String,
    pub(super) text: String,
    /// The events that fail.
    pub(super) fails: &'static str,
    /// The statement that widens the column.
    pub(super) mend: String,
}

/// The columns that are too short for what chatoxide writes there.
pub(super) fn short(roles: &Roles<'_>, tables_in: &str) -> Vec<Short> {
    let Roles { room, message, members, reaction, .. } = roles;
    let id = |model, column, fails| (model, column, OWN_ID, fails);
    let mut wanted: Vec<(&Model, &Column, usize, &'static str)> = vec![
        id(room.model, room.id, "room:create fails"),
        id(message.model, message.room, "no message can be sent into a room that room:create makes"),
        id(message.model, message.id, "no message can be sent"),
    ];
    wanted.extend(room.name.map(|name| (room.model, name, DIRECT_NAME, "dm:start fails")));
    if let Members::Model { model, room, .. } = members {
        wanted.push(id(model, room, "room:create fails"));
    }
    if let Some(reaction) = reaction {
        wanted.push(id(reaction.model, reaction.message, "no reaction can be added to a new message"));
        wanted.extend(reaction.id.map(|own| id(reaction.model, own, "no reaction can be added")));
    }
    wanted
        .into_iter()
        .filter_map(|(model, column, length, fails)| {
            let most = column.most().filter(|most| *most < length)?;
            let what =
                if length == OWN_ID { "ids that chatoxide makes" } else { "the names of direct rooms" };
            let (table, name) = (table_of(model, tables_in), quoted(&column.name));
            Some(Short {
                place: format!("{}.{}", model.name, column.field),
                text: format!("it takes {most} characters, and {what} have {length}"),
                fails,
                mend: format!("ALTER TABLE {table} ALTER COLUMN {name} TYPE text"),
            })
        })
        .collect()
}
