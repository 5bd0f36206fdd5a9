//! Parses dates from JSON as JavaScript's `new Date(x)` does: ISO text (ECMA-262, "Date Time String Format"), the
//! output of `String(date)` and `date.toUTCString()`, or a number of milliseconds. Text without an offset is read as
//! UTC, while Node reads it in the zone of its machine. The other free-form texts that some engines accept are refused.

use chrono::{Days, Month, NaiveDate};
use serde::{Deserialize, Deserializer, de};

use super::timestamp::Timestamp;

/// The furthest time that a JavaScript `Date` can hold, in milliseconds before or after 1970.
const MAX_MILLIS: f64 = 8.64e15;

/// 400 years, in milliseconds.
const CYCLE_MILLIS: i64 = 146_097 * 24 * 60 * 60 * 1_000;

/// A time that a client named, or none: falsy values name none, as in `if (date)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsDate(pub Option<Timestamp>);

impl<'de> Deserialize<'de> for JsDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = JsDate;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a date (the text of a JavaScript date, ISO 8601, or milliseconds since 1970)")
            }
            fn visit_unit<E: de::Error>(self) -> Result<JsDate, E> {
                Ok(JsDate(None))
            }
            fn visit_bool<E: de::Error>(self, is_true: bool) -> Result<JsDate, E> {
                if is_true {
                    return Err(E::invalid_type(de::Unexpected::Bool(true), &self));
                }
                Ok(JsDate(None))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<JsDate, E> {
                if text.is_empty() {
                    return Ok(JsDate(None));
                }
                let date = parse_iso(text).or_else(|| parse_legacy(text));
                // The text may be long, and the error repeats it.
                let shown = || text.chars().take(64).collect::<String>();
                date.map(|date| JsDate(Some(date)))
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(&shown()), &self))
            }
            fn visit_f64<E: de::Error>(self, millis: f64) -> Result<JsDate, E> {
                if millis == 0.0 {
                    return Ok(JsDate(None));
                }
                if millis.abs() > MAX_MILLIS {
                    return Err(E::invalid_value(de::Unexpected::Float(millis), &self));
                }
                Ok(JsDate(Some(Timestamp::from_millis(millis.trunc() as i64))))
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

fn parse_iso(text: &str) -> Option<Timestamp> {
    let (year, mut rest) = year(text)?;
    let (mut month, mut day) = (1, 1);
    if let Some(after) = rest.strip_prefix('-') {
        (month, rest) = digits(after, 2)?;
        if let Some(after) = rest.strip_prefix('-') {
            (day, rest) = digits(after, 2)?;
        }
    }
    let (time_of_day, offset) = if let Some(time) = rest.strip_prefix(['T', 't']) {
        time_and_offset(time, iso_offset)?
    } else if let Some(time) = rest.strip_prefix(' ') {
        // The form in which databases write it.
        time_and_offset(time, short_offset)?
    } else {
        (0, iso_offset(rest).filter(|offset| *offset == 0)?)
    };
    from_parts((year, month, day), time_of_day, offset)
}

/// Parses the output of `String(date)` and `date.toUTCString()`: an optional weekday, which is ignored, the date with
/// the month's name, the time, the zone and, in parentheses, the zone's name.
fn parse_legacy(text: &str) -> Option<Timestamp> {
    let (text, _) = text.split_once('(').unwrap_or((text, ""));
    let mut words = text.split_whitespace().peekable();
    words.next_if(|word| word.trim_end_matches(',').parse::<chrono::Weekday>().is_ok());
    let (first, second, year) = (words.next()?, words.next()?, words.next()?);
    let (month, day) = match first.parse::<Month>() {
        Ok(month) => (month, second),
        Err(_) => (second.parse::<Month>().ok()?, first),
    };
    let is_number = |word: &str, most| word.len() <= most && word.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(day, 2) || !is_number(year, 6) {
        return None;
    }
    // As in V8, years of two digits are in 1950 to 2049.
    let year = match year.parse().ok()? {
        short @ 0..50 => short + 2_000,
        short @ 50..100 => short + 1_900,
        year => year,
    };
    let time_of_day = match words.next() {
        Some(time) => time_and_offset(time, |rest| rest.is_empty().then_some(0))?.0,
        None => 0,
    };
    let offset = match words.next() {
        Some(zone) => {
            let named = ["GMT", "UTC", "Z"].into_iter().find_map(|name| {
                let (start, rest) = zone.split_at_checked(name.len())?;
                start.eq_ignore_ascii_case(name).then_some(rest)
            });
            iso_offset(named.unwrap_or(zone))?
        }
        None => 0,
    };
    if words.next().is_some() {
        return None;
    }
    from_parts((year, month.number_from_month(), day.parse().ok()?), time_of_day, offset)
}

/// Builds a timestamp. A day past the end of its month counts on into the next, as in JavaScript.
fn from_parts((year, month, day): (i32, u32, u32), time_of_day: i64, offset: i64) -> Option<Timestamp> {
    if !(1..=31).contains(&day) {
        return None;
    }
    // The calendar repeats every 400 years, and chrono's range ends before JavaScript's.
    let (cycles, year) = (year.div_euclid(400), 2_000 + year.rem_euclid(400));
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    let date = first.checked_add_days(Days::new(u64::from(day) - 1))?;
    let in_cycle = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis();
    let midnight = in_cycle + (i64::from(cycles) - 5) * CYCLE_MILLIS;
    let millis = midnight + time_of_day - offset;
    ((millis as f64).abs() <= MAX_MILLIS).then_some(Timestamp::from_millis(millis))
}

/// Parses `HH:mm` with optional seconds, fraction and offset. Returns both in milliseconds.
fn time_and_offset(text: &str, offset: impl Fn(&str) -> Option<i64>) -> Option<(i64, i64)> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (mut second, mut millis) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (second, rest) = digits(after, 2)?;
        if let Some(after) = rest.strip_prefix('.') {
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

fn iso_offset(text: &str) -> Option<i64> {
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

/// Parses an offset that may consist of hours only.
fn short_offset(text: &str) -> Option<i64> {
    if text.len() == 3 { iso_offset(&format!("{text}:00")) } else { iso_offset(text) }
}

#[cfg(test)]
mod tests;
