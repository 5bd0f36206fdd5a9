//! The deliberate differences, by the step of the script in which they show.

use super::line::Who::{self, First, Second, SecondTab};

/// A deliberate difference in what a server says in a step.
struct Difference {
    /// The number in docs/migrating-from-node.md.
    number: usize,
    step: &'static str,
    who: &'static [Who],
    /// The event, or `ack` and the event that is answered.
    event: &'static str,
    kind: Kind,
}

/// How chatoxide differs from Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It does not send the event.
    LeftOut,
    /// It sends an event that Node does not.
    Added,
    /// A part of the value differs: the paths, in which `*` is any position of a list.
    Value(&'static [&'static str]),
}

const fn difference(
    number: usize,
    step: &'static str,
    who: &'static [Who],
    event: &'static str,
    kind: Kind,
) -> Difference {
    Difference { number, step, who, event, kind }
}

/// The steps of which this file speaks.
pub(super) mod step {
    pub(in super::super) const UNKNOWN_ROOM: &str = "a message to an unknown room";
    pub(in super::super) const UNKNOWN_TYPE: &str = "a message of an unknown type";
    pub(in super::super) const REACTS_AGAIN: &str = "the same reaction once more";
    pub(in super::super) const UNREACTS_AGAIN: &str = "the same reaction is removed once more";
    pub(in super::super) const COMES_BACK: &str = "the second user joins again after an edit";
    pub(in super::super) const OTHER_ROOM: &str = "a deletion that names another room";
    pub(in super::super) const INTRUDES: &str = "a user who is no member joins a private room";
    pub(in super::super) const INTRUDER_TYPES: &str = "a user who is no member types in a private room";
    pub(in super::super) const INTRUDER_LEAVES: &str = "a user who is no member leaves a private room";
    pub(in super::super) const TAB_JOINS: &str = "the second user joins by another tab";
    pub(in super::super) const TAB_LEAVES: &str = "the other tab leaves";
}

const OF_CACHE: Kind = Kind::Value(&["messages.*.content", "messages.*.updatedAt", "deletedMessages"]);
const ERROR_TEXT: Kind = Kind::Value(&["error"]);
const BOTH: &[Who] = &[First, Second];

const DIFFERENCES: [Difference; 19] = [
    difference(2, step::COMES_BACK, &[Second], "room:history", OF_CACHE),
    difference(2, step::TAB_JOINS, &[SecondTab], "room:history", OF_CACHE),
    difference(5, step::REACTS_AGAIN, BOTH, "reaction:added", Kind::LeftOut),
    difference(5, step::UNREACTS_AGAIN, BOTH, "reaction:removed", Kind::LeftOut),
    difference(7, step::INTRUDES, &[Second], "room:history", Kind::LeftOut),
    difference(7, step::INTRUDES, &[Second], "room:members", Kind::LeftOut),
    difference(7, step::INTRUDES, &[First], "room:user-joined", Kind::LeftOut),
    difference(7, step::INTRUDES, &[Second], "room:error", Kind::Added),
    difference(7, step::INTRUDER_TYPES, &[First], "typing:user", Kind::LeftOut),
    difference(7, step::INTRUDER_TYPES, &[Second], "room:error", Kind::Added),
    difference(7, step::INTRUDER_LEAVES, &[First], "room:user-left", Kind::LeftOut),
    difference(7, step::INTRUDER_LEAVES, &[Second], "room:error", Kind::Added),
    difference(8, step::TAB_JOINS, BOTH, "room:user-joined", Kind::LeftOut),
    difference(8, step::TAB_LEAVES, &[First, Second, SecondTab], "room:user-left", Kind::LeftOut),
    difference(10, step::OTHER_ROOM, &[First], "message:deleted", Kind::Value(&["roomId"])),
    difference(10, step::OTHER_ROOM, &[Second], "message:deleted", Kind::Added),
    difference(11, step::UNKNOWN_ROOM, &[First], "ack message:send", ERROR_TEXT),
    difference(11, step::UNKNOWN_TYPE, &[First], "ack message:send", ERROR_TEXT),
    // chatoxide also says it to a socket that listens for refusals in general.
    difference(11, step::UNKNOWN_ROOM, &[First], "room:error", Kind::Added),
];

fn all_of<'a>(step: &'a str, who: Who, event: &'a str) -> impl Iterator<Item = &'static Difference> + 'a {
    let is_it = move |difference: &&Difference| {
        difference.step == step && difference.event == event && difference.who.contains(&who)
    };
    DIFFERENCES.iter().filter(is_it)
}

/// The number of the difference by which chatoxide does not send the event.
pub(super) fn number_of_left_out(step: &str, who: Who, event: &str) -> Option<usize> {
    all_of(step, who, event).find(|difference| difference.kind == Kind::LeftOut).map(|found| found.number)
}

/// The number of the difference by which chatoxide sends the event and Node does not.
pub(super) fn number_of_added(step: &str, who: Who, event: &str) -> Option<usize> {
    all_of(step, who, event).find(|difference| difference.kind == Kind::Added).map(|found| found.number)
}

/// The number of the difference in this part of the value.
pub(super) fn number_of_value(step: &str, who: Who, event: &str, path: &str) -> Option<usize> {
    let has_path = |difference: &&Difference| match difference.kind {
        Kind::Value(paths) => paths.iter().any(|pattern| matches(pattern, path)),
        Kind::LeftOut | Kind::Added => false,
    };
    all_of(step, who, event).find(has_path).map(|found| found.number)
}

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), path.split('.').collect());
    let is_position = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let same = |(wanted, part): (&&str, &&str)| wanted == part || *wanted == "*" && is_position(part);
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}
