//! Reads and writes the kinds of rooms and messages as a team stores them.

use super::Builder;
use crate::prisma::{
    labels::{self, flag_kinds, label_of, message_kind, room_kind},
    model::{Column, Default, Kind},
    view::{literal, quoted},
};

/// A column that has the kind of a row.
pub(super) struct Stored {
    /// The kind as text, of the row `t`.
    pub(super) read: String,
    /// The value to store for the kind of the row `NEW`.
    pub(super) write: String,
    /// The kinds that are read back as they were written.
    pub(super) kept: Vec<&'static str>,
    /// The labels that can be stored, in lower case; none if any can.
    pub(super) taken: Option<Vec<String>>,
}

fn cases(operand: &str, pairs: &[(String, String)], otherwise: Option<&str>) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(when, then)| format!("WHEN {when} THEN {then}")).collect();
    let otherwise = otherwise.map_or(String::new(), |otherwise| format!(" ELSE {otherwise}"));
    format!("CASE {operand} {}{otherwise} END", pairs.join(" "))
}

/// The kind of a message. A label that no kind is known for stays as it is.
pub(super) fn of_message(builder: &Builder<'_>, column: &Column) -> Stored {
    let name = quoted(&column.name);
    let Some(found) = builder.schema.find_enum(&column.kind) else { return message_text(column) };
    let pairs: Vec<_> = found
        .labels
        .iter()
        .filter_map(|label| Some((literal(label), literal(message_kind(label)?))))
        .collect();
    let writes: Vec<_> = labels::MESSAGE_KINDS
        .iter()
        .filter_map(|kind| Some((*kind, label_of(kind, &found.labels, message_kind)?)))
        .collect();
    let kept = writes.iter().map(|(kind, _)| *kind).collect();
    let is_other = |label: &&String| message_kind(label).is_none();
    let others = found.labels.iter().filter(is_other).map(|label| (label.to_lowercase(), label.as_str()));
    let writes = writes.into_iter().map(|(kind, label)| (kind.to_owned(), label)).chain(others);
    let (taken, writes): (Vec<String>, Vec<_>) =
        writes.map(|(kind, label)| (kind.clone(), (literal(&kind), literal(label)))).unzip();
    let label = format!("t.{name}::text");
    Stored {
        read: cases(&label, &pairs, Some(&label)),
        write: format!("({})::{}", cases("lower(NEW.\"type\")", &writes, None), builder.type_of(column)),
        kept,
        taken: Some(taken),
    }
}

fn message_text(column: &Column) -> Stored {
    let pairs: Vec<_> = labels::message_words().map(|(word, kind)| (literal(word), literal(kind))).collect();
    let name = quoted(&column.name);
    let read = cases(&format!("lower(t.{name})"), &pairs, Some(&format!("t.{name}")));
    Stored { read, write: in_style_of(column), kept: labels::MESSAGE_KINDS.to_vec(), taken: None }
}

/// The kind of the row `NEW` as text, in capitals if the column's default is.
fn in_style_of(column: &Column) -> String {
    let is_upper = matches!(&column.default, Default::Database(Some(text)) if text.to_uppercase() == *text);
    if is_upper { "upper(NEW.\"type\"::text)".to_owned() } else { "NEW.\"type\"::text".to_owned() }
}

/// The kind of a room. A label that no kind is known for is a private room: for its members only.
pub(super) fn of_room(builder: &Builder<'_>, column: &Column) -> Stored {
    let name = quoted(&column.name);
    if column.kind == Kind::Boolean {
        let (on_true, on_false) = flag_kinds(&column.field);
        let nearest = |kind: &str| nearest(kind, &[on_true, on_false]) == Some(on_true);
        let writes: Vec<_> =
            labels::ROOM_KINDS.iter().map(|kind| (literal(kind), nearest(kind).to_string())).collect();
        return Stored {
            read: format!("CASE WHEN t.{name} THEN {} ELSE {} END", literal(on_true), literal(on_false)),
            write: cases("NEW.\"type\"::text", &writes, None),
            kept: vec![on_true, on_false],
            taken: None,
        };
    }
    let Some(found) = builder.schema.find_enum(&column.kind) else { return room_text(column) };
    let kind_of = |label: &str| room_kind(label, &found.labels);
    let pairs: Vec<_> =
        found.labels.iter().filter_map(|label| Some((literal(label), literal(kind_of(label)?)))).collect();
    let kept: Vec<&str> = labels::ROOM_KINDS
        .iter()
        .copied()
        .filter(|kind| label_of(kind, &found.labels, kind_of).is_some())
        .collect();
    let writes: Vec<_> = labels::ROOM_KINDS
        .iter()
        .filter_map(|kind| {
            Some((literal(kind), literal(label_of(nearest(kind, &kept)?, &found.labels, kind_of)?)))
        })
        .collect();
    Stored {
        read: cases(&format!("t.{name}::text"), &pairs, Some("'private'")),
        write: format!("({})::{}", cases("NEW.\"type\"::text", &writes, None), builder.type_of(column)),
        kept,
        taken: None,
    }
}

fn room_text(column: &Column) -> Stored {
    let pairs: Vec<_> = labels::room_words().map(|(word, kind)| (literal(word), literal(kind))).collect();
    let read = cases(&format!("lower(t.{})", quoted(&column.name)), &pairs, Some("'private'"));
    Stored { read, write: in_style_of(column), kept: labels::ROOM_KINDS.to_vec(), taken: None }
}

/// The kind among those that can be stored which opens a room to nobody else.
fn nearest<'k>(kind: &str, kept: &[&'k str]) -> Option<&'k str> {
    let order = match kind {
        "public" => ["public", "private", "direct"],
        "private" => ["private", "direct", "public"],
        _ => ["direct", "private", "public"],
    };
    order.iter().find_map(|wanted| kept.iter().find(|kept| *kept == wanted)).copied()
}
