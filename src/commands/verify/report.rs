//! The report, as text and as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{deliberate::DELIBERATE_DIFFERENCES, print_line},
    compare::{Comparison, Found},
};

/// Steps that the script never has, since they would end the original server, and their deliberate differences.
const NOT_PLAYED: [(usize, &str); 4] = [
    (1, "an event without an ack callback ends the original server"),
    (4, "messages that share a millisecond cannot be sent on purpose"),
    (6, "deleting a message with reactions ends the original server"),
    (9, "dm:start to a user without a direct room ends the original server"),
];

/// Rows that a run has left.
pub(super) struct Left<'a> {
    pub(super) users: &'a [String],
    pub(super) rooms: &'a [String],
    /// A direct room, which may have been there before.
    pub(super) direct: Option<&'a str>,
    /// The names of the rooms that were made.
    pub(super) run: &'a str,
}

impl Left<'_> {
    pub(super) fn print(&self) {
        let lists = [("users", self.users), ("rooms", self.rooms)];
        for (kind, ids) in lists.into_iter().filter(|(_, ids)| !ids.is_empty()) {
            print_line(&format!("left    {kind} {}", ids.join(", ")));
        }
        if !self.users.is_empty() || !self.rooms.is_empty() {
            print_line(&format!(
                "        --database removes them, or the SQL in docs/migrating-from-node.md, section Verify ({})",
                self.run
            ));
        }
        if let Some(direct) = self.direct {
            print_line(&format!("left    the direct room {direct}, unless it was there before"));
        }
    }
}

pub(super) fn as_json(comparison: &Comparison, left: &Left<'_>) -> Value {
    let item = |found: &Found| {
        let (who, event) = (found.who.to_string(), &found.event);
        match found.number {
            None => json!({ "step": found.step, "who": who, "event": event, "text": found.text }),
            Some(number) => json!({
                "number": number, "step": found.step, "who": who, "event": event, "text": found.text
            }),
        }
    };
    let all = |is_deliberate: bool| -> Vec<Value> {
        let of_kind = comparison.found.iter().filter(|found| found.number.is_some() == is_deliberate);
        of_kind.map(item).collect()
    };
    let added = comparison.added.iter().map(|(event, path)| json!({ "event": event, "key": path }));
    let never = NOT_PLAYED.iter().map(|(number, text)| json!({ "number": number, "text": text }));
    let skipped = comparison.left_out.iter().map(|step| json!({ "text": step }));
    let differences = all(false);
    json!({
        "version": 1,
        "verdict": if differences.is_empty() { "same" } else { "different" },
        "steps": comparison.steps,
        "differences": differences,
        "deliberate": all(true),
        "added": added.collect::<Vec<_>>(),
        "notPlayed": never.chain(skipped).collect::<Vec<_>>(),
        "left": { "users": left.users, "rooms": left.rooms, "direct": left.direct, "run": left.run },
    })
}

pub(super) fn print(comparison: &Comparison) {
    let (deliberate, differences): (Vec<_>, Vec<_>) =
        comparison.found.iter().partition(|found| found.number.is_some());
    for Found { step, who, event, text, .. } in &differences {
        print_line(&format!("DIFFERS {step}: {event} to {who}: {text}"));
    }
    for (index, title) in DELIBERATE_DIFFERENCES.iter().enumerate() {
        let number = index + 1;
        let shown: Vec<_> = deliberate.iter().filter(|found| found.number == Some(number)).collect();
        if !shown.is_empty() {
            print_line(&format!("meant   {number}. {title}"));
        }
        for Found { step, who, event, text, .. } in shown {
            print_line(&format!("          {step}: {event} to {who}: {text}"));
        }
    }
    let mut added = BTreeMap::<&str, Vec<&str>>::new();
    for (event, path) in &comparison.added {
        added.entry(event).or_default().push(path);
    }
    for (event, paths) in added {
        print_line(&format!("adds    {event}: {}", paths.join(", ")));
    }
    for (number, why) in NOT_PLAYED {
        print_line(&format!("skipped {number}. {why}"));
    }
    for step in &comparison.left_out {
        print_line(&format!("skipped {step}: it could not be played on both servers"));
    }
    let verdict = match differences.len() {
        0 => "no difference but those that are meant".to_owned(),
        number => format!("{number} differences"),
    };
    print_line(&format!("verdict {} steps, {verdict}", comparison.steps));
}
