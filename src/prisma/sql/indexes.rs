//! Writes the indexes on a team's tables that make reading the views fast.

use super::Parts;
use crate::prisma::{
    model::{Column, Model},
    roles::{Members, Roles},
    view::{quoted, remark, table_of},
};

struct Index {
    name: String,
    /// The schema that it is in, quoted.
    schema: String,
    on: String,
}

/// The names of the indexes that the file makes.
pub(super) fn names(parts: &Parts<'_>) -> Vec<String> {
    let made = if parts.options.makes_indexes { on_expressions(parts) } else { Vec::new() };
    made.iter().map(|index| format!("{}.{}", index.schema, quoted(&index.name))).collect()
}

/// The statements after the transaction: as comments, unless a person asked for them.
pub(super) fn write(parts: &Parts<'_>) -> String {
    let mut text = String::new();
    let message = &parts.roles.message;
    let (room, at) = (message.room, message.created_at);
    let is_expression = parts.roles.mixed_ids().rooms && room.is_native("Uuid");
    if !is_expression && !message.model.leads_to_page(room, at) {
        // The name is the one that Prisma would give it.
        let name = format!("{}_{}_{}_idx", message.model.table, room.name, at.name);
        text.push_str("\n-- ");
        text.push_str(&remark(&format!(
            "History is read slowly without an index on room and time: add @@index([{}, {}]) to {} and migrate.",
            room.field, at.field, message.model.name
        )));
        let on = table_of(message.model, &parts.options.tables_in);
        let (room, at) = (quoted(&room.name), quoted(&at.name));
        let sql =
            format!("CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {on} ({room}, {at});", quoted(&name));
        text.push_str(&format!("\n-- It makes this: {}\n", remark(&sql)));
    }
    let wanted = on_expressions(parts);
    if !wanted.is_empty() {
        let (how, comment) = match parts.options.makes_indexes {
            true => ("Asked for by --indexes.", ""),
            false => ("Not made here, as they are on your tables: --indexes has them made.", "-- "),
        };
        text.push_str(&format!(
            "\n-- Ids of type uuid are shown as text where other columns of the same ids are. These indexes make reading by them fast. {how}\n\
             -- Prisma does not see indexes on expressions.\n"
        ));
        for Index { name, on, .. } in wanted {
            let sql = format!("CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON {on};", quoted(&name));
            text.push_str(&format!("{comment}{sql}\n"));
        }
    }
    text
}

/// Indexes on ids that are shown as text.
fn on_expressions(parts: &Parts<'_>) -> Vec<Index> {
    let tables_in = parts.options.tables_in.as_str();
    let Roles { user, room, message, members, reaction, .. } = parts.roles;
    let mixed = parts.roles.mixed_ids();
    let mut wanted: Vec<(bool, &Model, Vec<&Column>)> = vec![
        (mixed.rooms, message.model, vec![message.room, message.created_at]),
        (mixed.messages, message.model, vec![message.id]),
        (mixed.users, user.model, vec![user.id]),
        (mixed.rooms, room.model, vec![room.id]),
    ];
    if let Members::Model { model, room, user, .. } = members {
        wanted.extend([(mixed.rooms, *model, vec![*room]), (mixed.users, *model, vec![*user])]);
    }
    if let Some(reaction) = reaction {
        wanted.push((mixed.messages, reaction.model, vec![reaction.message]));
    }
    let is_uuid = |columns: &[&Column]| columns.first().is_some_and(|column| column.is_native("Uuid"));
    wanted
        .into_iter()
        .filter(|(is_mixed, _, columns)| *is_mixed && is_uuid(columns))
        .map(|(_, model, columns)| index(model, &columns, tables_in))
        .collect()
}

fn index(model: &Model, columns: &[&Column], tables_in: &str) -> Index {
    let expression = |column: &&Column| match column.is_native("Uuid") {
        true => format!("({}::text)", quoted(&column.name)),
        false => quoted(&column.name),
    };
    let expressions: Vec<String> = columns.iter().map(expression).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    // PostgreSQL cuts longer names.
    let name: String =
        format!("chatoxide_{}_{}_idx", model.table, names.join("_")).chars().take(60).collect();
    Index {
        name,
        schema: quoted(model.schema.as_deref().unwrap_or(tables_in)),
        on: format!("{} ({})", table_of(model, tables_in), expressions.join(", ")),
    }
}
