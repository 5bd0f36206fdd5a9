//! A line of the record of one server: what a user heard, or was answered, in a step.

use std::fmt;

use serde_json::Value;

/// A user of the script, or rather a socket of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Who {
    First,
    Second,
    /// Another socket of the second user.
    SecondTab,
}

impl Who {
    pub(super) const ALL: [Who; 3] = [Who::First, Who::Second, Who::SecondTab];
}

impl fmt::Display for Who {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Who::First => "the first user",
            Who::Second => "the second user",
            Who::SecondTab => "the second user's other tab",
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) who: Who,
    /// The event's name, or `ack` and the name of the event that was answered.
    pub(super) name: String,
    pub(super) value: Value,
}

/// A step of the script, and all that was heard in it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) lines: Vec<Line>,
}
