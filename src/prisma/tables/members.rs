//! The view `_RoomMembers`.

use super::{Builder, SoftDeletion, id, key, written};
use crate::prisma::{
    model::{Column, Model},
    roles::{Members, Roles, plain},
    view::{Fill, OnInsert, View, ViewColumn, literal, quoted},
};

const FAILS: &str = "nobody can become a member of a room";

pub(super) fn view(builder: &mut Builder<'_>, roles: &Roles<'_>) -> View {
    match &roles.members {
        Members::Model { model, room, user, deletion: marks } => {
            let columns = vec![id("A", room, builder.mixed.rooms), id("B", user, builder.mixed.users)];
            let mut fills = builder.fills(model, &written(&columns), "gen_random_uuid()::text", FAILS);
            fill_role(builder, model, &mut fills);
            let SoftDeletion { filters, marks, undoes } = SoftDeletion::new(marks);
            let on_insert = match (undoes.is_empty(), model.is_unique(&[&room.field, &user.field])) {
                (false, _) => OnInsert::OrRestore(undoes),
                (true, true) => OnInsert::UnlessThere,
                (true, false) => OnInsert::UnlessFound,
            };
            let keys = vec![key("A", room), key("B", user)];
            View {
                filters,
                fills,
                deletion: marks,
                on_insert,
                ..plain_view(builder.table(model), columns, keys)
            }
        }
        Members::Join { table, is_swapped } => {
            let schema = table.schema.as_deref().unwrap_or(&builder.options.tables_in);
            let name = format!("{}.{}", quoted(schema), quoted(&table.table));
            let (room, user) = if *is_swapped { ("B", "A") } else { ("A", "B") };
            let columns = over_ids(builder, roles, room, user);
            let keys = vec![old("A", room, roles.room.id), old("B", user, roles.user.id)];
            plain_view(name, columns, keys)
        }
        Members::None => {
            let columns = over_ids(builder, roles, "room_id", "user_id");
            let keys = vec![old("A", "room_id", roles.room.id), old("B", "user_id", roles.user.id)];
            plain_view("\"chatoxide\".\"mapped_member\"".to_owned(), columns, keys)
        }
    }
}

fn plain_view(table: String, columns: Vec<ViewColumn>, key: Vec<(String, String)>) -> View {
    View {
        name: "_RoomMembers",
        table,
        columns,
        filters: Vec::new(),
        fills: Vec::new(),
        key,
        touched: Vec::new(),
        deletion: Vec::new(),
        side: None,
        on_insert: OnInsert::UnlessThere,
        before_insert: Vec::new(),
    }
}

/// The columns of a join table.
fn over_ids(builder: &Builder<'_>, roles: &Roles<'_>, room: &str, user: &str) -> Vec<ViewColumn> {
    let mixed = &builder.mixed;
    vec![over("A", room, (roles.room.id, mixed.rooms)), over("B", user, (roles.user.id, mixed.users))]
}

/// A column of a join table, of the type of the id that it refers to.
fn over(name: &'static str, column: &str, (id, is_mixed): (&Column, bool)) -> ViewColumn {
    let is_uuid = is_mixed && id.is_native("Uuid");
    let (name_there, row) = (quoted(column), format!("NEW.{}", quoted(name)));
    ViewColumn {
        name,
        read: format!("t.{name_there}{}", if is_uuid { "::text" } else { "" }),
        is_plain: !is_uuid,
        inserts: vec![(name_there, if is_uuid { format!("{row}::uuid") } else { row })],
        updates: Vec::new(),
    }
}

fn old(name: &str, column: &str, id: &Column) -> (String, String) {
    let row = format!("OLD.{}", quoted(name));
    (quoted(column), if id.is_native("Uuid") { format!("{row}::uuid") } else { row })
}

/// The role of a new member: the label that says so, instead of a question.
fn fill_role(builder: &mut Builder<'_>, model: &Model, fills: &mut [Fill]) {
    for column in &model.columns {
        let Some(found) = builder.schema.find_enum(&column.kind) else { continue };
        let is_usual =
            |label: &&String| ["member", "user", "participant", "guest"].contains(&plain(label).as_str());
        let Some(label) = found.labels.iter().find(is_usual) else { continue };
        let asked = format!("{}.{}", model.name, column.field);
        let name = quoted(&column.name);
        let Some(fill) = fills.iter_mut().find(|fill| fill.column == name && fill.note.starts_with("asked"))
        else {
            continue;
        };
        fill.value = format!("{}::{}", literal(label), builder.type_of(column));
        fill.note = format!("new members are {label}");
        builder.asks.retain(|ask| ask.field != asked);
    }
}
