//! The view `Message`.

use super::{Builder, SoftDeletion, computed, id, key, kinds, same, text, written};
use crate::prisma::{
    labels::MESSAGE_KINDS,
    model::{Column, Kind},
    roles,
    view::{Fill, OnInsert, Side, SideColumn, View, ViewColumn, literal, quoted},
};

const FAILS: &str = "no message can be sent";
const SIDE: &str = "\"chatoxide\".\"mapped_message\"";

pub(super) fn view(builder: &mut Builder<'_>, message: &roles::Message<'_>) -> View {
    let mut side = Vec::new();
    let mut before_insert = Vec::new();
    let mut columns = vec![
        id("id", message.id, builder.mixed.messages),
        id("roomId", message.room, builder.mixed.rooms),
        id("senderId", message.sender, builder.mixed.users),
    ];
    columns.push(content(message.content));
    columns.push(kind(builder, message, &mut side, &mut before_insert));
    columns.push(metadata(message, &mut side));
    columns.push(match message.reply_to {
        Some(column) => same("replyTo", column),
        None => {
            side.push(side_column("reply_to", "text", "NEW.\"replyTo\"", "NEW.\"replyTo\" IS NOT NULL"));
            computed("replyTo", stored(message, "reply_to"))
        }
    });
    columns.push(same("createdAt", message.created_at));
    columns.push(updated_at(message, &mut side));
    let mut fills = builder.fills(message.model, &written(&columns), "NEW.\"id\"::text", FAILS);
    let touched = touched(message, &columns);
    // A message that was never edited has the time of its creation in both.
    for fill in fills.iter_mut().filter(|fill| touched.iter().any(|(name, _)| *name == fill.column)) {
        if fill.note == "the time" {
            *fill = Fill { value: "NEW.\"createdAt\"".to_owned(), uses_row: true, ..std::mem::take(fill) };
        }
    }
    let SoftDeletion { mut filters, mut marks, .. } = SoftDeletion::new(&message.deletion);
    // Messages that are in no room, as others of the same table may be, or of nobody.
    let parts =
        [message.room, message.sender, message.created_at].into_iter().filter(|column| !column.is_required);
    filters.extend(parts.map(|column| format!("t.{} IS NOT NULL", quoted(&column.name))));
    if !marks.is_empty() {
        let is_at = |column: &&Column| column.is_updated_at;
        let at = message.model.columns.iter().filter(is_at);
        marks
            .extend(at.map(|column| (quoted(&column.name), crate::prisma::view::now_for(column).to_owned())));
    }
    if builder.mixed.rooms && message.room.is_native("Uuid") && !builder.options.makes_indexes {
        builder.notes.push(
            "ids of type uuid are shown as text: without the indexes that --indexes makes, each page of a room and \
             each change reads whole tables"
                .to_owned(),
        );
    }
    let table = builder.table(message.model);
    let side = (!side.is_empty()).then(|| Side {
        table: SIDE.to_owned(),
        key_type: builder.type_of(message.id),
        refers_to: (table.clone(), quoted(&message.id.name)),
        columns: side,
    });
    View {
        name: "Message",
        table,
        columns,
        filters,
        fills,
        key: vec![key("id", message.id)],
        touched,
        deletion: marks,
        side,
        on_insert: OnInsert::Plain,
        before_insert,
    }
}

/// Reads a column of the table in schema `chatoxide`.
fn stored(message: &roles::Message<'_>, column: &str) -> String {
    format!("(SELECT s.{column} FROM {SIDE} AS s WHERE s.id = t.{})", quoted(&message.id.name))
}

fn content(column: &Column) -> ViewColumn {
    let updates = vec![(quoted(&column.name), "NEW.\"content\"".to_owned())];
    let plain = text("content", column);
    if column.is_required {
        return ViewColumn { updates, ..plain };
    }
    let read = format!("coalesce({}, '')", plain.read);
    ViewColumn { inserts: plain.inserts, updates, ..computed("content", read) }
}

fn kind(
    builder: &mut Builder<'_>,
    message: &roles::Message<'_>,
    side: &mut Vec<SideColumn>,
    before_insert: &mut Vec<String>,
) -> ViewColumn {
    let Some(column) = message.kind else {
        side.push(side_column("type", "text", "NEW.\"type\"::text", "NEW.\"type\"::text <> 'text'"));
        return computed("type", format!("coalesce({}, 'text')", stored(message, "type")));
    };
    let kind = kinds::of_message(builder, column);
    let lost: Vec<&str> = MESSAGE_KINDS.iter().copied().filter(|name| !kind.kept.contains(name)).collect();
    let sent: Vec<&str> = lost.iter().copied().filter(|name| *name != "system").collect();
    if !sent.is_empty() {
        builder.notes.push(format!(
            "messages of type {} are refused: the type of {}.{} has no label for them",
            sent.join(" and "),
            message.model.name,
            column.field
        ));
    }
    if let Some(taken) = &kind.taken {
        let list: Vec<String> = taken.iter().map(|name| literal(name)).collect();
        before_insert.push(format!(
            "IF lower(NEW.\"type\") NOT IN ({}) THEN RAISE EXCEPTION 'the messages of this database have no type %', \
             NEW.\"type\" USING ERRCODE = 'check_violation'; END IF;",
            list.join(", ")
        ));
    }
    let inserts = vec![(quoted(&column.name), kind.write)];
    ViewColumn { inserts, ..computed("type", kind.read) }
}

fn metadata(message: &roles::Message<'_>, side: &mut Vec<SideColumn>) -> ViewColumn {
    let Some(column) = message.metadata else {
        let differs = "NEW.\"metadata\" IS DISTINCT FROM '{}'::jsonb";
        side.push(side_column("metadata", "jsonb", "NEW.\"metadata\"", differs));
        return computed("metadata", format!("coalesce({}, '{{}}'::jsonb)", stored(message, "metadata")));
    };
    let name = quoted(&column.name);
    let is_json = column.is_native("Json");
    // A text is read and written as it is: the server takes a text, too.
    if column.kind == Kind::String || column.is_required && !is_json {
        return same("metadata", column);
    }
    let value = if is_json { "NEW.\"metadata\"::json" } else { "NEW.\"metadata\"" };
    let inserts = vec![(name.clone(), value.to_owned())];
    ViewColumn { inserts, ..computed("metadata", format!("coalesce(t.{name}::jsonb, '{{}}'::jsonb)")) }
}

/// The time of the last edit: NULL until there is one. Prisma fills `@updatedAt` when it makes a row, too: there the
/// time of an edit is later than that of the row.
fn updated_at(message: &roles::Message<'_>, side: &mut Vec<SideColumn>) -> ViewColumn {
    let Some(column) = message.updated_at else {
        let column =
            side_column("updated_at", "timestamp(3)", "NEW.\"updatedAt\"", "NEW.\"updatedAt\" IS NOT NULL");
        side.push(SideColumn { is_inserted: false, is_updated: true, ..column });
        return computed("updatedAt", stored(message, "updated_at"));
    };
    let name = quoted(&column.name);
    let row = "NEW.\"updatedAt\"".to_owned();
    if !column.is_required && !column.is_updated_at {
        // The server inserts no value here.
        return ViewColumn { inserts: Vec::new(), updates: vec![(name, row)], ..same("updatedAt", column) };
    }
    let created_at = quoted(&message.created_at.name);
    let read = format!("CASE WHEN t.{name} > t.{created_at} THEN t.{name} END");
    ViewColumn {
        inserts: vec![(name.clone(), "NEW.\"createdAt\"".to_owned())],
        updates: vec![(name, row)],
        ..computed("updatedAt", read)
    }
}

/// Other columns that an edit sets: flags, and times that Prisma's client would set.
fn touched(message: &roles::Message<'_>, columns: &[ViewColumn]) -> Vec<(String, String)> {
    let is_set =
        |name: &String| columns.iter().flat_map(|column| &column.updates).any(|(set, _)| set == name);
    let times =
        message.model.columns.iter().filter(|column| column.is_updated_at && column.kind == Kind::DateTime);
    let times = times.map(|column| (quoted(&column.name), "NEW.\"updatedAt\"".to_owned()));
    let flags = message.edited.iter().map(|column| (quoted(&column.name), "true".to_owned()));
    times.chain(flags).filter(|(name, _)| !is_set(name)).collect()
}

fn side_column(name: &'static str, sql_type: &'static str, value: &str, differs: &str) -> SideColumn {
    let differs = differs.to_owned();
    SideColumn { name, sql_type, value: value.to_owned(), differs, is_inserted: true, is_updated: false }
}
