//! The view `Reaction`.

use super::{Builder, computed, id, key, same, text, written};
use crate::prisma::{
    model::{Column, Kind},
    roles::{self, Roles},
    view::{OnInsert, View, ViewColumn, quoted},
};

const FAILS: &str = "no reaction can be added";

pub(super) fn view(builder: &mut Builder<'_>, roles: &Roles<'_>) -> View {
    let Some(reaction) = &roles.reaction else { return own(builder, roles) };
    let message = id("messageId", reaction.message, builder.mixed.messages);
    let user = id("userId", reaction.user, builder.mixed.users);
    let emoji = text("emoji", reaction.emoji);
    let (id, key) = own_id(reaction, [&message.read, &user.read, &emoji.read]);
    let columns = vec![id, message, user, emoji];
    let fills = builder.fills(reaction.model, &written(&columns), "NEW.\"id\"::text", FAILS);
    View {
        name: "Reaction",
        table: builder.table(reaction.model),
        columns,
        filters: Vec::new(),
        fills,
        key,
        touched: Vec::new(),
        deletion: Vec::new(),
        side: None,
        on_insert: OnInsert::UnlessThere,
        before_insert: Vec::new(),
    }
}

/// The reaction's id, and the columns by which a trigger finds the row. A key that is no text is read as text, and made
/// by the database.
fn own_id(reaction: &roles::Reaction<'_>, reads: [&str; 3]) -> (ViewColumn, Vec<(String, String)>) {
    match reaction.id {
        Some(column) if column.kind == Kind::String => (same("id", column), vec![key("id", column)]),
        Some(column) => {
            let name = quoted(&column.name);
            let value =
                if column.kind == Kind::BigInt { "OLD.\"id\"::bigint" } else { "OLD.\"id\"::integer" };
            (computed("id", format!("t.{name}::text")), vec![(name, value.to_owned())])
        }
        None => {
            let parts: [(&str, &Column); 3] =
                [("messageId", reaction.message), ("userId", reaction.user), ("emoji", reaction.emoji)];
            let keys = parts.iter().map(|(name, column)| key(name, column)).collect();
            (computed("id", format!("concat_ws(':', {})", reads.join(", "))), keys)
        }
    }
}

/// A table in schema `chatoxide`, for a schema without reactions.
fn own(builder: &Builder<'_>, roles: &Roles<'_>) -> View {
    let cast = |column: &Column, name: &'static str, own: &str, is_mixed: bool| {
        let is_uuid = is_mixed && column.is_native("Uuid");
        let row = format!("NEW.{}", quoted(name));
        ViewColumn {
            name,
            read: format!("t.{own}{}", if is_uuid { "::text" } else { "" }),
            is_plain: !is_uuid,
            inserts: vec![(own.to_owned(), if is_uuid { format!("{row}::uuid") } else { row })],
            updates: Vec::new(),
        }
    };
    let plain = |name: &'static str| ViewColumn {
        name,
        read: format!("t.{name}"),
        is_plain: true,
        inserts: vec![(name.to_owned(), format!("NEW.\"{name}\""))],
        updates: Vec::new(),
    };
    View {
        name: "Reaction",
        table: "\"chatoxide\".\"mapped_reaction\"".to_owned(),
        columns: vec![
            plain("id"),
            cast(roles.message.id, "messageId", "message_id", builder.mixed.messages),
            cast(roles.user.id, "userId", "user_id", builder.mixed.users),
            plain("emoji"),
        ],
        filters: Vec::new(),
        fills: Vec::new(),
        key: vec![("id".to_owned(), "OLD.\"id\"".to_owned())],
        touched: Vec::new(),
        deletion: Vec::new(),
        side: None,
        on_insert: OnInsert::UnlessThere,
        before_insert: Vec::new(),
    }
}
