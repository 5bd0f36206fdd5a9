//! The description of the events, as programs read it.

use std::collections::BTreeSet;

use chatoxide::{protocol::event, socket::document};

use crate::support::fixture;

/// Written by `UPDATE_ASYNCAPI=1`.
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/asyncapi.json");

#[test]
fn the_description_of_the_events_is_the_one_in_the_docs() {
    let text = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_ASYNCAPI").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    let there = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(there == text, "docs/asyncapi.json is not the description: run this test with UPDATE_ASYNCAPI=1");
}

#[test]
fn every_event_is_described() {
    let document = document();
    let titles = |action: &str| -> BTreeSet<String> {
        let operations = document["operations"].as_object().unwrap().values();
        let titles = operations.filter(|operation| operation["action"] == action);
        titles.map(|operation| operation["title"].as_str().unwrap().to_owned()).collect()
    };
    let sent: BTreeSet<String> = event::ALL.into_iter().map(str::to_owned).collect();
    assert_eq!(titles("send"), sent);
    // The fixtures are those of the default settings.
    let optional = event::MESSAGE_DELIVERED.to_owned();
    let received = fixture::requests().map(|request| request.event.to_owned()).chain([optional]).collect();
    assert_eq!(titles("receive"), received);
}
