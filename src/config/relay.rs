//! `RELAY_EVENTS`: the names of the events that are relayed between clients.

use std::fmt;

use crate::protocol::event;

/// The longest name of an event, in bytes.
const MAX_NAME: usize = 128;

/// Patterns of names. A pattern is a name, or the beginning of names with a `*` after it.
#[derive(Clone, Debug, Default)]
pub struct RelayEvents {
    names: Vec<String>,
    prefixes: Vec<String>,
}

impl RelayEvents {
    /// Parses patterns between commas.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut events = Self::default();
        for pattern in text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()) {
            let (name, is_prefix) = match pattern.strip_suffix('*') {
                Some(prefix) => (prefix, true),
                None => (pattern, false),
            };
            if name.contains('*') {
                return Err(format!("RELAY_EVENTS: {pattern}: a * stands at the end of a name only"));
            }
            if name.len() > MAX_NAME {
                return Err(format!("RELAY_EVENTS: a name of more than {MAX_NAME} bytes"));
            }
            if !is_prefix && event::is_the_servers(name) {
                return Err(format!("RELAY_EVENTS: {name} is an event that only the server may send"));
            }
            let list = if is_prefix { &mut events.prefixes } else { &mut events.names };
            list.push(name.to_owned());
        }
        Ok(events)
    }

    pub fn contains(&self, event: &str) -> bool {
        event.len() <= MAX_NAME
            && (self.names.iter().any(|name| name == event)
                || self.prefixes.iter().any(|prefix| event.starts_with(prefix)))
    }
}

/// The patterns, between commas.
impl fmt::Display for RelayEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixes = self.prefixes.iter().map(|prefix| format!("{prefix}*"));
        let patterns: Vec<String> = self.names.iter().cloned().chain(prefixes).collect();
        f.write_str(&patterns.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_names_or_their_beginnings() {
        let events = RelayEvents::parse(" call:* ,user:status,, ").unwrap();
        for (name, expected) in [
            ("call:offer", true),
            ("call:", true),
            ("call", false),
            ("recall:offer", false),
            ("user:status", true),
            ("user:status2", false),
            ("", false),
        ] {
            assert_eq!(events.contains(name), expected, "{name}");
        }
        assert!(!events.contains(&format!("call:{}", "x".repeat(MAX_NAME))));
        assert!(!RelayEvents::parse("").unwrap().contains("call:offer"));
        assert!(RelayEvents::parse("*").unwrap().contains("anything"));
    }

    #[test]
    fn a_pattern_that_says_something_else_is_refused() {
        for pattern in ["call:*:offer", "**", "message:new", "connect", &"x".repeat(MAX_NAME + 1)] {
            let why = RelayEvents::parse(pattern).unwrap_err();
            assert!(why.starts_with("RELAY_EVENTS: "), "{why}");
        }
    }
}
