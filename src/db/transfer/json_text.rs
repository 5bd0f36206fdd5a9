//! JSON as a column has it, as text: reading it into a value would change numbers that a double cannot hold.

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgValue},
    sqlite::Sqlite,
};
use serde::de::IgnoredAny;
use serde_json::{Value, value::RawValue};

use crate::{
    chat::json::Json,
    db::types::{JSONB_OID, JSONB_VERSION, JsonDoc},
};

type LiteValue<'a> = <Sqlite as diesel::backend::Backend>::RawValue<'a>;

/// JSON in one line. As for the server, NULL and an empty text are `{}`, and a text that is no JSON is a JSON text.
#[derive(Debug, FromSqlRow)]
pub(super) struct JsonText(String);

impl JsonText {
    fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        match serde_json::from_str::<IgnoredAny>(&text) {
            Ok(_) => Self(without_blanks(&text)),
            Err(_) if text.is_empty() => Self::empty(),
            Err(_) => Self(Value::from(text.into_owned()).to_string()),
        }
    }

    fn empty() -> Self {
        Self("{}".to_owned())
    }

    pub(super) fn into_raw(self) -> Box<RawValue> {
        // It was parsed, or made here.
        RawValue::from_string(self.0).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }
}

/// Removes the blanks between the tokens of JSON, line ends among them.
fn without_blanks(json: &str) -> String {
    let (mut is_in_text, mut is_escaped) = (false, false);
    let is_kept = |c: &char| {
        let is_blank = !is_in_text && c.is_ascii_whitespace();
        is_in_text ^= *c == '"' && !is_escaped;
        is_escaped = is_in_text && *c == '\\' && !is_escaped;
        !is_blank
    };
    json.chars().filter(is_kept).collect()
}

/// Compares JSON as JSONB does: without the order of keys. Numbers are compared as doubles.
pub(super) fn is_same(one: &RawValue, other: &RawValue) -> bool {
    let parse = |json: &RawValue| serde_json::from_str::<Json>(json.get()).map(|json| json.0);
    one.get() == other.get()
        || matches!((parse(one), parse(other)), (Ok(one), Ok(other)) if is_same_value(&one, &other))
}

fn is_same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same_value(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in_other =
                |(key, one): (&String, &Value)| other.get(key).is_some_and(|other| is_same_value(one, other));
            one.len() == other.len() && one.iter().all(is_in_other)
        }
        (one, other) => one == other,
    }
}

impl FromSql<JsonDoc, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match (value.get_oid().get(), value.as_bytes()) {
            (JSONB_OID, [JSONB_VERSION, json @ ..]) => Ok(Self::parse(json)),
            (JSONB_OID, _) => Err("unknown version of JSONB".into()),
            (_, text) => Ok(Self::parse(text)),
        }
    }

    fn from_nullable_sql(value: Option<PgValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(Self::empty()), <Self as FromSql<JsonDoc, Pg>>::from_sql)
    }
}

impl FromSql<JsonDoc, Sqlite> for JsonText {
    fn from_sql(mut value: LiteValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::parse(value.read_text().as_bytes()))
    }

    fn from_nullable_sql(value: Option<LiteValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(Self::empty()), <Self as FromSql<JsonDoc, Sqlite>>::from_sql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_any_shape_is_kept_in_one_line() {
        for (stored, text) in [
            (
                "{\"a\": [1,\n 2.50, 123456789012345678901234567890]}",
                "{\"a\":[1,2.50,123456789012345678901234567890]}",
            ),
            (r#"{"b \" c" : "d \\" , "e":" "}"#, r#"{"b \" c":"d \\","e":" "}"#),
            ("", "{}"),
            ("no\njson", r#""no\njson""#),
        ] {
            let raw = JsonText::parse(stored.as_bytes()).into_raw();
            assert_eq!(raw.get(), text);
        }
    }

    #[test]
    fn json_is_the_same_in_any_order_of_its_keys() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let is_same = |one: &str, other: &str| is_same(&raw(one), &raw(other));
        assert!(is_same(r#"{"a":1e2,"b":[{"c":null}]}"#, r#"{"b":[{"c":null}],"a":100}"#));
        for other in ["{}", r#"{"a":2}"#, r#"{"a":1,"b":1}"#, r#"{"a":"1"}"#, r#"{"a":[1]}"#] {
            assert!(!is_same(r#"{"a":1}"#, other), "{other}");
        }
    }
}
