//! The view `User`.

use super::{Builder, computed, id, key, same, text, written};
use crate::prisma::{
    roles,
    view::{OnInsert, View, ViewColumn, literal, quoted},
};

const FAILS: &str = "nobody can sign in who is not a user yet";

pub(super) fn view(builder: &mut Builder<'_>, user: &roles::User<'_>) -> View {
    let mut columns = vec![id("id", user.id, builder.mixed.users), name(user)];
    columns.push(match user.email {
        // The server writes an e-mail address and never reads one.
        Some(email) => text("email", email),
        None => computed("email", "NULL::text".to_owned()),
    });
    columns.push(
        user.avatar
            .map_or_else(|| computed("avatar", "NULL::text".to_owned()), |avatar| text("avatar", avatar)),
    );
    columns.push(match user.created_at {
        Some(created_at) => same("createdAt", created_at),
        None => computed("createdAt", "NULL::timestamp(3)".to_owned()),
    });
    let fills = builder.fills(user.model, &written(&columns), "NEW.\"id\"::text", FAILS);
    for fill in fills.iter().filter(|fill| fill.note != "the time" && !fill.note.starts_with("asked")) {
        builder.notes.push(format!("newcomers get {} in {} of {}", fill.note, fill.column, user.model.name));
    }
    let is_unique = user.names.iter().any(|column| user.model.is_unique(&[&column.field]));
    let names = user.names.iter().map(|column| quoted(&column.name)).collect();
    View {
        name: "User",
        table: builder.table(user.model),
        columns,
        filters: Vec::new(),
        fills,
        key: vec![key("id", user.id)],
        touched: Vec::new(),
        deletion: Vec::new(),
        side: None,
        on_insert: if is_unique { OnInsert::WithFreeName(names) } else { OnInsert::UnlessThere },
        before_insert: Vec::new(),
    }
}

fn name(user: &roles::User<'_>) -> ViewColumn {
    let as_name = text("id", user.id).read;
    let reads: Vec<String> = user.names.iter().map(|column| text("name", column).read).collect();
    let inserts =
        |value: &str| user.names.iter().map(|column| (quoted(&column.name), value.to_owned())).collect();
    if user.is_first_and_last {
        let parts: Vec<String> = reads.iter().map(|read| format!("nullif({read}, '')")).collect();
        let read = format!("coalesce(nullif(concat_ws(' ', {}), ''), {as_name})", parts.join(", "));
        let mut column = ViewColumn { inserts: inserts("NEW.\"name\""), ..computed("name", read) };
        if let Some((_, last)) = column.inserts.last_mut() {
            *last = literal("");
        }
        return column;
    }
    match user.names.as_slice() {
        [only] if only.is_required => text("name", only),
        [] => computed("name", as_name),
        _ => {
            let is_there = user.names.last().is_some_and(|last| last.is_required);
            let last = if is_there { String::new() } else { format!(", {as_name}") };
            let read = format!("coalesce({}{last})", reads.join(", "));
            ViewColumn { inserts: inserts("NEW.\"name\""), ..computed("name", read) }
        }
    }
}
