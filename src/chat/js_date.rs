//! Dates as JavaScript's `new Date(x)` takes them from JSON: ISO text (ECMA-262, "Date Time String Format") or a number of
//! milliseconds. Text without an offset is read as UTC. The free-form texts that some engines also take are refused.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, de};

use super::timestamp::Timestamp;

/// The furthest moment that a JavaScript `Date` can hold, in milliseconds either side of 1970.
const MAX_MILLIS: f64 = 8.64e15;

/// A moment that a client named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsDate(pub Timestamp);

impl<'de> Deserialize<'de> for JsDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = JsDate;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a date (ISO 8601 text or milliseconds since 1970)")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<JsDate, E> {
                parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
            fn visit_f64<E: de::Error>(self, millis: f64) -> Result<JsDate, E> {
                if millis.abs() <= MAX_MILLIS {
                    Ok(JsDate(Timestamp::from_millis(millis.trunc() as i64)))
                } else {
                    Err(E::invalid_value(de::Unexpected::Float(millis), &self))
                }
            }
            fn visit_u64<E: de::Error>(self, millis: u64) -> Result<JsDate, E> {
                self.visit_f64(millis as f64)
            }
            fn visit_i64<E: de::Error>(self, millis: i64) -> Result<JsDate, E> {
                self.visit_f64(millis as f64)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Splits `count` digits off the front.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((number.parse().ok()?, rest))
}

fn year(text: &str) -> Option<(i32, &str)> {
    if let Some(rest) = text.strip_prefix('+') {
        let (year, rest) = digits(rest, 6)?;
        return Some((year as i32, rest));
    }
    if let Some(rest) = text.strip_prefix('-') {
        let (year, rest) = digits(rest, 6)?;
        return (year != 0).then_some((-(year as i32), rest));
    }
    let (year, rest) = digits(text, 4)?;
    Some((year as i32, rest))
}

fn parse(text: &str) -> Option<JsDate> {
    let (year, mut rest) = year(text)?;
    let (mut month, mut day) = (1, 1);
    if let Some(after) = rest.strip_prefix('-') {
        (month, rest) = digits(after, 2)?;
        if let Some(after) = rest.strip_prefix('-') {
            (day, rest) = digits(after, 2)?;
        }
    }
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    let (time_of_day, offset) = match rest.strip_prefix(['T', 't', ' ']) {
        Some(time) => time_and_offset(time)?,
        None if rest.is_empty() => (0, 0),
        None => return None,
    };
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis();
    let millis = midnight + time_of_day - offset;
    ((millis as f64).abs() <= MAX_MILLIS).then_some(JsDate(Timestamp::from_millis(millis)))
}

/// `HH:mm`, then perhaps seconds, a fraction and an offset; both results in milliseconds.
fn time_and_offset(text: &str) -> Option<(i64, i64)> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (mut second, mut millis) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (second, rest) = digits(after, 2)?;
        if let Some(after) = rest.strip_prefix(['.', ',']) {
            let length = after.bytes().take_while(u8::is_ascii_digit).count();
            let (fraction, after) = after.split_at_checked(length)?;
            if fraction.is_empty() {
                return None;
            }
            let padded: String = fraction.chars().chain("00".chars()).take(3).collect();
            (millis, rest) = (padded.parse().ok()?, after);
        }
    }
    let end_of_day = hour == 24 && minute == 0 && second == 0 && millis == 0;
    if (hour > 23 && !end_of_day) || minute > 59 || second > 59 {
        return None;
    }
    let time_of_day = ((i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second)) * 1000 + millis;
    Some((time_of_day, offset(rest)?))
}

fn offset(text: &str) -> Option<i64> {
    if text.is_empty() || text == "Z" || text == "z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':').unwrap_or(rest), 2)?;
    let valid = rest.is_empty() && hours <= 23 && minutes <= 59;
    valid.then_some(sign * (i64::from(hours) * 60 + i64::from(minutes)) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(json: &str) -> Option<i64> {
        serde_json::from_str::<JsDate>(json).ok().map(|date| date.0.millis())
    }

    #[test]
    fn takes_what_javascript_takes() {
        for (json, expected) in [
            (r#""2026-01-31T09:05:07.042Z""#, 1_769_850_307_042),
            (r#""2026-01-31T09:05:07.042+01:30""#, 1_769_844_907_042),
            (r#""2026-01-31T09:05:07""#, 1_769_850_307_000),
            (r#""2026-01-31T09:05""#, 1_769_850_300_000),
            (r#""2026-01-31""#, 1_769_817_600_000),
            (r#""2026-01""#, 1_767_225_600_000),
            (r#""2026""#, 1_767_225_600_000),
            (r#""2026-01-31T24:00:00Z""#, 1_769_904_000_000),
            (r#""2026-01-31T09:05:07.0421234Z""#, 1_769_850_307_042),
            (r#""+002026-01-31T00:00:00Z""#, 1_769_817_600_000),
            ("1769850307042", 1_769_850_307_042),
            ("1769850307042.9", 1_769_850_307_042),
            ("-1", -1),
            ("0", 0),
        ] {
            assert_eq!(millis(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for json in [
            r#""""#,
            r#""yesterday""#,
            r#""2026-13-01""#,
            r#""2026-02-30""#,
            r#""2026-01-31T25:00:00Z""#,
            r#""2026-01-31T09:05:07.Z""#,
            r#""2026-01-31T09:05:07+99:00""#,
            r#""2026-01-31Zjunk""#,
            r#""-000000-01-01""#,
            "true",
            "[]",
            r#"{"gt":1}"#,
            "8640000000000001",
            "1e300",
        ] {
            assert_eq!(millis(json), None, "{json}");
        }
    }
}
