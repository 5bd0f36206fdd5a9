//! The view `Room`.

use super::{Builder, SoftDeletion, computed, key, kinds, same, text, written};
use crate::prisma::{
    labels::ROOM_KINDS,
    model::{Column, Kind},
    roles::{self, Members},
    view::{OnInsert, Side, SideColumn, View, ViewColumn, literal, now_for, quoted},
};

const FAILS: &str = "room:create and dm:start fail";
const SIDE: &str = "\"chatoxide\".\"mapped_room\"";

pub(super) fn view(builder: &mut Builder<'_>, room: &roles::Room<'_>, members: &Members<'_>) -> View {
    let id = quoted(&room.id.name);
    let stored = |column: &str| format!("(SELECT s.{column} FROM {SIDE} AS s WHERE s.id = t.{id})");
    let mut side = Vec::new();
    let name = match room.name {
        Some(column) if column.is_required => ViewColumn { updates: renames(column), ..text("name", column) },
        Some(column) => {
            let plain = text("name", column);
            let read = format!("coalesce({}, {})", plain.read, text("id", room.id).read);
            ViewColumn { inserts: plain.inserts, updates: renames(column), ..computed("name", read) }
        }
        None => {
            let column = side_column("name", "text", "NEW.\"name\"", "NEW.\"name\" IS NOT NULL");
            side.push(SideColumn { is_updated: true, ..column });
            computed("name", format!("coalesce({}, {})", stored("name"), text("id", room.id).read))
        }
    };
    let kind = kind(builder, room, members, (&stored("type"), &mut side));
    let created_at = match room.created_at {
        Some(column) if column.is_required => same("createdAt", column),
        Some(column) => {
            let plain = same("createdAt", column);
            let read = format!("coalesce({}, '1970-01-01')", plain.read);
            ViewColumn { inserts: plain.inserts, ..computed("createdAt", read) }
        }
        None => {
            side.push(side_column(
                "created_at",
                "timestamp(3)",
                "NEW.\"createdAt\"",
                "NEW.\"createdAt\" IS NOT NULL",
            ));
            computed(
                "createdAt",
                format!("coalesce({}, '1970-01-01'::timestamp)::timestamp(3)", stored("created_at")),
            )
        }
    };
    let columns = vec![super::id("id", room.id, builder.mixed.rooms), name, kind, created_at];
    let fills = builder.fills(room.model, &written(&columns), "NEW.\"id\"::text", FAILS);
    // Times that Prisma's client would set.
    let touched = room.model.columns.iter();
    let touched = touched.filter(|column| column.is_updated_at && column.kind == Kind::DateTime);
    let touched = touched.map(|column| (quoted(&column.name), now_for(column).to_owned())).collect();
    let table = builder.table(room.model);
    let side = (!side.is_empty()).then(|| Side {
        table: SIDE.to_owned(),
        key_type: builder.type_of(room.id),
        refers_to: (table.clone(), id),
        columns: side,
    });
    if room.id.is_native("Uuid") {
        builder.notes.push(
            "dm:start fails: the id of a direct room is text such as dm:alice:bob, and rooms have ids of type uuid"
                .to_owned(),
        );
    }
    View {
        name: "Room",
        table,
        columns,
        filters: SoftDeletion::new(&room.deletion).filters,
        fills,
        key: vec![key("id", room.id)],
        touched,
        deletion: Vec::new(),
        side,
        on_insert: OnInsert::UnlessThere,
        before_insert: Vec::new(),
    }
}

/// The assignment of a new name.
fn renames(column: &Column) -> Vec<(String, String)> {
    vec![(quoted(&column.name), "NEW.\"name\"".to_owned())]
}

fn kind(
    builder: &mut Builder<'_>,
    room: &roles::Room<'_>,
    members: &Members<'_>,
    (stored, side): (&str, &mut Vec<SideColumn>),
) -> ViewColumn {
    let sql_type = builder.own_type("RoomType");
    let of_column = room.kind.map(|column| (column, kinds::of_room(builder, column)));
    let (default, inserts, kept) = match of_column {
        Some((column, kind)) => (kind.read, vec![(quoted(&column.name), kind.write)], kind.kept),
        None => {
            let default = if matches!(members, Members::None) { "public" } else { "private" };
            builder.notes.push(format!(
                "{} has no column for the kind of a room: rooms that are there already are {default}",
                room.model.name
            ));
            (literal(default), Vec::new(), vec![default])
        }
    };
    let is_lossy = kept.len() < ROOM_KINDS.len();
    let read = if is_lossy { format!("coalesce({stored}, {default})") } else { default };
    if is_lossy {
        let kept: Vec<String> = kept.iter().map(|kind| literal(kind)).collect();
        // Without a column, nothing says the kind of a room that is made while others have a default.
        let differs = format!("NEW.\"type\"::text NOT IN ({})", kept.join(", "));
        side.push(side_column("type", "text", "NEW.\"type\"::text", &differs));
    }
    ViewColumn { inserts, ..computed("type", format!("({read})::{sql_type}")) }
}

fn side_column(name: &'static str, sql_type: &'static str, value: &str, differs: &str) -> SideColumn {
    let differs = differs.to_owned();
    SideColumn { name, sql_type, value: value.to_owned(), differs, is_inserted: true, is_updated: false }
}
