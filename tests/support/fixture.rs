//! Compares the server's packets with tests/fixtures/protocol, and derives valid and invalid requests from it; the rules are
//! in that folder's README.md.

use std::{collections::BTreeMap, sync::LazyLock};

use chrono::NaiveDateTime;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Fixture {
    /// The client's event, where the fixture is what a client says.
    request: Option<String>,
    example: Value,
    nullable: Vec<String>,
    optional: Vec<String>,
    any: Vec<String>,
}

static FIXTURES: LazyLock<BTreeMap<String, Fixture>> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/protocol");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap())
        })
        .collect()
});

/// The names of all fixtures of what the server says: a file each.
pub fn names() -> Vec<String> {
    FIXTURES.iter().filter(|(_, fixture)| fixture.request.is_none()).map(|(name, _)| name.clone()).collect()
}

/// A client's event by example: the fixture that shows its requests.
pub struct Request {
    pub event: &'static str,
    fixture: &'static Fixture,
}

pub fn requests() -> impl Iterator<Item = Request> {
    let request = |fixture: &'static Fixture| Some(Request { event: fixture.request.as_deref()?, fixture });
    FIXTURES.values().filter_map(request)
}

impl Request {
    /// The example, and what is as good: without what may be missing, with null where that may be, with more.
    pub fn good(&self) -> Vec<Value> {
        let Fixture { example, nullable, optional, .. } = self.fixture;
        let mut good = vec![example.clone()];
        good.extend(optional.iter().map(|key| without(example, &[key])));
        good.extend(nullable.iter().map(|key| with(example, key, Value::Null)));
        if example.is_object() {
            good.push(without(example, optional));
            good.push(with(example, "unheardOf", json!(1)));
        }
        good
    }

    /// The example with one thing wrong, as JSON text; the empty text is no argument at all.
    pub fn bad(&self) -> Vec<String> {
        let Fixture { example, nullable, optional, any, .. } = self.fixture;
        let mut bad = vec![json!(null), json!(7), json!([example])];
        let Some(fields) = example.as_object() else {
            bad.push(json!({ "of": example }));
            return to_texts(&bad);
        };
        bad.push(json!("text"));
        for key in fields.keys().filter(|key| !any.contains(key)) {
            bad.push(with(example, key, json!({"of": "another type"})));
            if !optional.contains(key) {
                bad.push(without(example, &[key]));
            }
            if !nullable.contains(key) {
                bad.push(with(example, key, Value::Null));
            }
        }
        to_texts(&bad)
    }
}

fn to_texts(arguments: &[Value]) -> Vec<String> {
    std::iter::once(String::new()).chain(arguments.iter().map(Value::to_string)).collect()
}

fn with(example: &Value, key: &str, value: Value) -> Value {
    let mut example = example.clone();
    example[key] = value;
    example
}

fn without(example: &Value, keys: &[impl AsRef<str>]) -> Value {
    let mut example = example.clone();
    let fields = example.as_object_mut().unwrap();
    fields.retain(|there, _| !keys.iter().any(|key| key.as_ref() == there));
    example
}

/// The example that a fixture shows.
pub fn example(name: &str) -> &'static Value {
    &FIXTURES[name].example
}

/// Whether a key of a fixture's example may be missing, or hold anything.
pub fn is_loose(name: &str, key: &str) -> bool {
    let fixture = &FIXTURES[name];
    fixture.optional.iter().chain(&fixture.any).any(|place| place == key)
}

/// In what a value differs from a fixture.
pub fn faults(name: &str, value: &Value) -> Vec<String> {
    let fixture = FIXTURES.get(name).unwrap_or_else(|| panic!("there is no fixture {name}"));
    let mut faults = Vec::new();
    fixture.compare(&fixture.example, value, "", &mut faults);
    faults
}

/// Panics if an event is not as its fixture; returns the fixture's name.
pub fn check_event(event: &str, argument: &Value) -> String {
    check(file_of(event), argument)
}

/// Panics if an ack is not as its fixture; returns the fixture's name.
pub fn check_ack(event: &str, answer: &Value) -> String {
    let refused = answer["success"] == false;
    let own = format!("ack_{}{}", file_of(event), if refused { "_refused" } else { "" });
    if answer["chunk"].is_object() {
        return check("ack_chunk".to_owned(), answer);
    }
    let general = if refused { "ack_refused" } else { "ack_done" };
    check(if FIXTURES.contains_key(&own) { own } else { general.to_owned() }, answer)
}

fn file_of(event: &str) -> String {
    event.replace([':', '-'], "_")
}

fn check(name: String, value: &Value) -> String {
    let faults = faults(&name, value);
    assert!(faults.is_empty(), "{name}: {faults:?} in {value}");
    name
}

impl Fixture {
    fn compare(&self, example: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let is_at = |places: &[String]| places.iter().any(|there| there == place);
        if is_at(&self.any) || (value.is_null() && is_at(&self.nullable)) {
            return;
        }
        let agrees = match (example, value) {
            (Value::String(example), Value::String(value)) => !is_date(example) || is_date(value),
            (Value::Number(_), Value::Number(_)) => true,
            (Value::Array(examples), Value::Array(items)) => match examples.first() {
                Some(example) => {
                    let place = format!("{place}[]");
                    items.iter().for_each(|item| self.compare(example, item, &place, faults));
                    true
                }
                None => items.is_empty(),
            },
            (Value::Object(example), Value::Object(fields)) => {
                let inner =
                    |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
                for (key, example) in example {
                    match fields.get(key) {
                        Some(value) => self.compare(example, value, &inner(key), faults),
                        None if self.optional.contains(&inner(key)) => {}
                        None => faults.push(format!("{} is missing", inner(key))),
                    }
                }
                let unknown = fields.keys().filter(|key| !example.contains_key(*key));
                faults.extend(unknown.map(|key| format!("{} is in no fixture", inner(key))));
                true
            }
            _ => example == value,
        };
        if !agrees {
            faults.push(format!("{place} is {value}, not as {example}"));
        }
    }
}

/// In just this form: UTC, three digits of milliseconds, `Z`.
fn is_date(text: &str) -> bool {
    text.len() == 24 && NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.3fZ").is_ok()
}
