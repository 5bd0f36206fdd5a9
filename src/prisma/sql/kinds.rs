//! Says in the heading which labels of a team's enums stand for which kinds.

use super::Parts;
use crate::prisma::{
    labels::{flag_kinds, message_kind, room_kind},
    model::Kind,
};

/// A line for the kinds of rooms, and one for those of messages, where the schema has an enum or a flag of them.
pub(super) fn lines(parts: &Parts<'_>) -> Vec<String> {
    let room = parts.roles.room.kind;
    let flag = room.filter(|column| column.kind == Kind::Boolean).map(|column| {
        let (on_true, on_false) = flag_kinds(&column.field);
        format!("kinds of rooms: true is {on_true}, false is {on_false}")
    });
    let rooms = room.and_then(|column| parts.schema.find_enum(&column.kind)).map(|found| {
        let kind = |label: &String| room_kind(label, &found.labels).unwrap_or("private");
        format!("kinds of rooms: {}", pairs(&found.labels, kind))
    });
    let message = parts.roles.message.kind;
    let messages = message.and_then(|column| parts.schema.find_enum(&column.kind)).map(|found| {
        let kind = |label: &String| message_kind(label).unwrap_or("sent as it is");
        format!("kinds of messages: {}", pairs(&found.labels, kind))
    });
    flag.into_iter().chain(rooms).chain(messages).collect()
}

fn pairs(labels: &[String], kind: impl Fn(&String) -> &'static str) -> String {
    labels.iter().map(|label| format!("{label} is {}", kind(label))).collect::<Vec<_>>().join(", ")
}
