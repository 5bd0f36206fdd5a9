//! Compares the records of two servers. chatoxide has to send all that Node does, to the same users, in the same order, with
//! at least the same keys and the same values. Ids and times differ by nature, and are named alike in both first.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::{
    connections::shortened,
    differences,
    line::{Line, Step, Who},
};

/// The most differences of one value that are reported.
const MAX_OF_VALUE: usize = 5;

/// The key of deleted messages in a history.
const DELETED_MESSAGES: &str = "deletedMessages";

/// A difference between the two servers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) step: &'static str,
    pub(super) who: Who,
    pub(super) event: String,
    pub(super) text: String,
    /// The number of the deliberate difference, if it is one.
    pub(super) number: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) found: Vec<Found>,
    /// The keys that only chatoxide's values have: the event, and the path.
    pub(super) added: BTreeSet<(String, String)>,
    /// The steps that were played on both servers.
    pub(super) steps: usize,
    /// The steps that were played on one of them.
    pub(super) left_out: Vec<&'static str>,
}

/// The names of ids: the same thing has the same name in both records.
#[derive(Default)]
pub(super) struct Names {
    pub(super) ids: HashMap<String, String>,
    /// The ids of messages that were deleted before any history was read.
    pub(super) deleted: HashSet<String>,
}

/// Replaces ids, times and `seq` by names. Of histories and pages, only messages of the script are left, and deleted ones are put
/// into a list of their own.
pub(super) fn normalise(steps: &mut [Step], names: &Names) {
    for line in steps.iter_mut().flat_map(|step| &mut step.lines) {
        name_all(&mut line.value, names);
    }
}

fn name_all(value: &mut Value, names: &Names) {
    match value {
        Value::String(text) => {
            if let Some(name) = names.ids.get(text.as_str()) {
                name.clone_into(text);
            } else if is_time(text) {
                "<time>".clone_into(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| name_all(item, names)),
        Value::Object(object) => {
            if let Some(Value::Array(messages)) = object.get_mut("messages") {
                let is_in = |message: &Value, in_names: &dyn Fn(&str) -> bool| {
                    message.get("id").and_then(Value::as_str).is_some_and(in_names)
                };
                messages.retain(|message| is_in(message, &|id| names.ids.contains_key(id)));
                let deleted =
                    messages.extract_if(.., |message| is_in(message, &|id| names.deleted.contains(id)));
                let deleted: Vec<Value> =
                    deleted.filter_map(|mut message| Some(message.get_mut("id")?.take())).collect();
                if !deleted.is_empty() {
                    object.insert(DELETED_MESSAGES.to_owned(), deleted.into());
                }
            }
            object.values_mut().for_each(|item| name_all(item, names));
            // A number of chatoxide's, by which it orders a room: both servers may be in one direct room.
            if let Some(seq) = object.get_mut("seq").filter(|seq| seq.is_number()) {
                *seq = "<number>".into();
            }
            // A list of members is in no order.
            if let Some(Value::Array(members)) = object.get_mut("members") {
                members.sort_by_key(|member| member.get("id").unwrap_or(member).to_string());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A time as JavaScript's `toISOString` writes it.
fn is_time(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00.000Z";
    let fits = |(byte, shape): (u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == *shape };
    text.len() == SHAPE.len() && text.bytes().zip(SHAPE).all(fits)
}

pub(super) fn compare(node: &[Step], ours: &[Step]) -> Comparison {
    let mut comparison = Comparison::default();
    for theirs in node {
        match ours.iter().find(|step| step.name == theirs.name) {
            Some(ours) => {
                comparison.steps += 1;
                for who in Who::ALL {
                    let of = |step: &Step| -> Vec<Line> {
                        step.lines.iter().filter(|line| line.who == who).cloned().collect()
                    };
                    compare_lines(theirs.name, who, &of(theirs), &of(ours), &mut comparison);
                }
            }
            None => comparison.left_out.push(theirs.name),
        }
    }
    let is_only_ours = |step: &&Step| !node.iter().any(|theirs| theirs.name == step.name);
    comparison.left_out.extend(ours.iter().filter(is_only_ours).map(|step| step.name));
    comparison
}

fn compare_lines(step: &'static str, who: Who, theirs: &[Line], ours: &[Line], into: &mut Comparison) {
    let mut is_used = vec![false; ours.len()];
    let mut from = 0;
    for line in theirs {
        let alike = |is_used: &[bool], begin: usize, is_same: bool| {
            let free = ours.iter().zip(is_used).enumerate().skip(begin);
            let mut free = free.filter(|(_, (other, used))| !**used && other.name == line.name);
            free.find(|(_, (other, _))| !is_same || lacking(&line.value, &other.value).is_empty())
                .map(|(position, _)| position)
        };
        let in_order = alike(&is_used, from, true).or_else(|| alike(&is_used, from, false));
        let position = in_order.or_else(|| alike(&is_used, 0, false));
        let mut report = |text: String, number: Option<usize>| {
            into.found.push(Found { step, who, event: line.name.clone(), text, number });
        };
        let Some((position, other)) = position.and_then(|position| Some((position, ours.get(position)?)))
        else {
            report(
                "chatoxide does not send it".to_owned(),
                differences::number_of_left_out(step, who, &line.name),
            );
            continue;
        };
        if let Some(used) = is_used.get_mut(position) {
            *used = true;
        }
        if position < from {
            report("chatoxide sends it earlier".to_owned(), None);
        }
        from = from.max(position + 1);
        for Lacking { path, text } in lacking(&line.value, &other.value).into_iter().take(MAX_OF_VALUE) {
            report(text, differences::number_of_value(step, who, &line.name, &path));
        }
        add_keys(&line.name, &line.value, &other.value, "", &mut into.added);
    }
    for (line, _) in ours.iter().zip(&is_used).filter(|(_, used)| !**used) {
        let text = format!("only chatoxide sends it: {}", shortened(&line.value.to_string()));
        let number = differences::number_of_added(step, who, &line.name);
        into.found.push(Found { step, who, event: line.name.clone(), text, number });
    }
}

/// A part of Node's value that chatoxide's lacks.
struct Lacking {
    /// The keys and positions that lead there, separated by dots.
    path: String,
    text: String,
}

fn lacking(theirs: &Value, ours: &Value) -> Vec<Lacking> {
    let mut found = Vec::new();
    compare_values(theirs, ours, String::new(), &mut found);
    found
}

fn compare_values(theirs: &Value, ours: &Value, path: String, found: &mut Vec<Lacking>) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, value) in theirs {
                match ours.get(key) {
                    Some(other) => compare_values(value, other, inner(key), found),
                    None => found.push(Lacking {
                        text: format!(
                            "{} is missing, which is {} with Node",
                            shortened(&inner(key)),
                            shown(value)
                        ),
                        path: inner(key),
                    }),
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (position, (value, other)) in theirs.iter().zip(ours).enumerate() {
                compare_values(value, other, inner(&position.to_string()), found);
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            let text = format!("{} has {} items, with Node {}", named(&path), ours.len(), theirs.len());
            found.push(Lacking { path, text });
        }
        (theirs, ours) if theirs == ours => {}
        (theirs, ours) => {
            let text = format!("{} is {}, with Node {}", named(&path), shown(ours), shown(theirs));
            found.push(Lacking { path, text });
        }
    }
}

fn named(path: &str) -> String {
    if path.is_empty() { "it".to_owned() } else { shortened(path) }
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

/// Collects the keys that only `ours` has.
fn add_keys(event: &str, theirs: &Value, ours: &Value, path: &str, added: &mut BTreeSet<(String, String)>) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, value) in ours {
                match theirs.get(key) {
                    Some(other) => add_keys(event, other, value, &inner(key), added),
                    None => {
                        added.insert((event.to_owned(), inner(key)));
                    }
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            for (theirs, ours) in theirs.iter().zip(ours) {
                add_keys(event, theirs, ours, &inner("*"), added);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(lines: &[(&str, Value)]) -> Vec<Step> {
        let line = |(name, value): &(&str, Value)| Line {
            who: Who::First,
            name: (*name).to_owned(),
            value: value.clone(),
        };
        vec![Step { name: "a step", lines: lines.iter().map(line).collect() }]
    }

    fn texts(node: &[(&str, Value)], ours: &[(&str, Value)]) -> Vec<String> {
        let found = compare(&step(node), &step(ours)).found;
        assert!(found.iter().all(|found| found.number.is_none()));
        found.into_iter().map(|found| format!("{}: {}", found.event, found.text)).collect()
    }

    #[test]
    fn more_keys_of_ours_are_no_difference_and_are_listed() {
        let (node, ours) = (json!({"m": [{"a": 1}]}), json!({"m": [{"a": 1, "b": 2}], "c": 3}));
        let comparison = compare(&step(&[("x", node)]), &step(&[("x", ours)]));
        assert_eq!(comparison.found, []);
        let added: Vec<_> = comparison.added.iter().map(|(event, path)| format!("{event} {path}")).collect();
        assert_eq!(added, ["x c", "x m.*.b"]);
    }

    #[test]
    fn other_values_keys_lengths_types_and_events_are_differences() {
        let one = |node, ours| texts(&[("x", node)], &[("x", ours)]);
        assert_eq!(
            one(json!({"a": {"b": 1}}), json!({"a": {}})),
            ["x: a.b is missing, which is 1 with Node"]
        );
        assert_eq!(one(json!({"a": null}), json!({"a": "<time>"})), ["x: a is \"<time>\", with Node null"]);
        assert_eq!(one(json!([1, 2]), json!([1])), ["x: it has 1 items, with Node 2"]);
        assert_eq!(one(json!(1), json!("1")), ["x: it is \"1\", with Node 1"]);
        assert_eq!(
            texts(&[("x", json!(1))], &[("y", json!(1))]),
            ["x: chatoxide does not send it", "y: only chatoxide sends it: 1"]
        );
        assert_eq!(
            texts(&[("x", json!(1)), ("y", json!(1))], &[("y", json!(1)), ("x", json!(1))]),
            ["y: chatoxide sends it earlier"]
        );
        let twice = [("x", json!(1)), ("x", json!(1))];
        assert_eq!(texts(&twice, &twice[..1]), ["x: chatoxide does not send it"]);
        assert_eq!(texts(&twice[..1], &twice), ["x: only chatoxide sends it: 1"]);
    }

    #[test]
    fn ids_and_times_are_named_and_messages_of_others_are_left_out() {
        let names = Names {
            ids: [("m1", "<message 1>"), ("m2", "<message 2>"), ("u", "<user>")]
                .map(|(id, name)| (id.to_owned(), name.to_owned()))
                .into(),
            deleted: ["m2".to_owned()].into(),
        };
        let value = json!({
            "messages": [{"id": "m1", "at": "2026-01-31T09:05:07.042Z"}, {"id": "m2"}, {"id": "others"}],
            "members": [{"id": "z"}, {"id": "u"}, {"id": "a"}],
            "day": "2026-01-31", "late": "2026-01-31T09:05:07Z", "seq": 7,
        });
        let mut steps = step(&[("x", value)]);
        normalise(&mut steps, &names);
        let expected = json!({
            "messages": [{"id": "<message 1>", "at": "<time>"}],
            "members": [{"id": "<user>"}, {"id": "a"}, {"id": "z"}],
            "day": "2026-01-31", "late": "2026-01-31T09:05:07Z", "seq": "<number>",
            "deletedMessages": ["<message 2>"],
        });
        assert_eq!(steps[0].lines[0].value, expected);
    }
}
