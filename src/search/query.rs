//! Queries: words, `"phrases"`, prefixes with a `*`, and the operators `from:`, `in:`, `before:`, `after:` and `has:`. A
//! message must match all of them; of several `from:` or `in:` it must match one.

use chrono::{Days, NaiveDate};

use super::tokens::{Script, tokenize};
use crate::chat::{Error, Result, timestamp::Timestamp};

/// The longest query, in bytes.
const MAX_BYTES: usize = 1_024;
/// The most words and phrases, tokens of all of them, prefixes, and values of one operator.
const MAX_PHRASES: usize = 16;
const MAX_TOKENS: usize = 64;
const MAX_PREFIXES: usize = 4;
const MAX_NAMES: usize = 8;
/// The shortest prefix of a word, in characters: a shorter one matches much of the index.
const MIN_PREFIX: usize = 2;

/// The kinds of content that `has:` finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Has {
    Link,
    Image,
    File,
}

/// Tokens that follow one another. A single word is a phrase, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// At least one.
    pub tokens: Vec<String>,
    /// The last token is the prefix of one.
    pub is_prefix: bool,
}

/// A parsed query. Names are as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub phrases: Vec<Phrase>,
    /// Ids or names of senders.
    pub from: Vec<String>,
    /// Ids or names of rooms.
    pub rooms: Vec<String>,
    /// Messages before this moment.
    pub before: Option<Timestamp>,
    /// Messages from this moment on.
    pub since: Option<Timestamp>,
    pub has: Vec<Has>,
}

impl Query {
    /// Parses a query. The error is a sentence for its author.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return refuse(format!("it is too long (at most {MAX_BYTES} bytes)"));
        }
        if text.contains('\0') {
            return refuse("it contains the character U+0000".to_owned());
        }
        let mut query = Self::default();
        let mut rest = text;
        while let Some(part) = next_part(&mut rest) {
            query.add(part)?;
        }
        query.ensure_bounded()?;
        Ok(query)
    }

    fn add(&mut self, part: Part<'_>) -> Result<()> {
        let Some(operator) = part.operator else { return self.add_phrase(part.value, part.has_star) };
        if part.value.trim().is_empty() {
            return refuse(format!("{operator}: is followed by nothing"));
        }
        match operator {
            "from" => self.from.push(name_of(part.value, '@')),
            "in" => self.rooms.push(name_of(part.value, '#')),
            "before" => {
                let day = start_of(operator, part.value, 0)?;
                self.before = Some(self.before.map_or(day, |known| known.min(day)));
            }
            "after" => {
                let day = start_of(operator, part.value, 1)?;
                self.since = Some(self.since.map_or(day, |known| known.max(day)));
            }
            _ => {
                let has = match part.value.to_ascii_lowercase().as_str() {
                    "link" => Has::Link,
                    "image" => Has::Image,
                    "file" => Has::File,
                    _ => return refuse("has: takes link, image or file".to_owned()),
                };
                if !self.has.contains(&has) {
                    self.has.push(has);
                }
            }
        }
        Ok(())
    }

    fn add_phrase(&mut self, text: &str, has_star: bool) -> Result<()> {
        let mut tokens = tokenize(text);
        // The end of a run is the end of its last bigram, too, and may be in the middle of a run of the message.
        tokens.pop_if(|last| last.script == Script::Last);
        let Some(last) = tokens.last() else { return Ok(()) };
        let is_prefix = match last.script {
            Script::Single => true,
            Script::Word => has_star,
            Script::Bigram | Script::Last => false,
        };
        if is_prefix && last.script == Script::Word && last.text.chars().count() < MIN_PREFIX {
            return refuse(format!("a prefix has at least {MIN_PREFIX} letters before its *"));
        }
        let tokens = tokens.into_iter().map(|token| token.text).collect();
        let phrase = Phrase { tokens, is_prefix };
        if !self.phrases.contains(&phrase) {
            self.phrases.push(phrase);
        }
        Ok(())
    }

    fn ensure_bounded(&self) -> Result<()> {
        let tokens: usize = self.phrases.iter().map(|phrase| phrase.tokens.len()).sum();
        let prefixes = self.phrases.iter().filter(|phrase| phrase.is_prefix).count();
        for (count, most, what) in [
            (self.phrases.len(), MAX_PHRASES, "words and phrases"),
            (tokens, MAX_TOKENS, "words, also within phrases"),
            (prefixes, MAX_PREFIXES, "prefixes and single characters"),
            (self.from.len(), MAX_NAMES, "from: operators"),
            (self.rooms.len(), MAX_NAMES, "in: operators"),
        ] {
            if count > most {
                return refuse(format!("it has more than {most} {what}"));
            }
        }
        let has_operator = !self.from.is_empty()
            || !self.rooms.is_empty()
            || !self.has.is_empty()
            || self.before.is_some()
            || self.since.is_some();
        if self.phrases.is_empty() && !has_operator {
            return refuse("it has no word to search for".to_owned());
        }
        Ok(())
    }
}

fn refuse<T>(why: String) -> Result<T> {
    Err(Error::BadInput(format!("query: {why}")))
}

/// A word, a quoted phrase, or an operator with its value.
struct Part<'a> {
    operator: Option<&'static str>,
    value: &'a str,
    /// A `*` follows.
    has_star: bool,
}

/// Takes the next part off the front of a query.
fn next_part<'a>(rest: &mut &'a str) -> Option<Part<'a>> {
    *rest = rest.trim_start();
    if rest.is_empty() {
        return None;
    }
    let operator = ["from", "in", "before", "after", "has"].into_iter().find_map(|name| {
        let (head, tail) = rest.split_at_checked(name.len())?;
        Some((name, head.eq_ignore_ascii_case(name).then_some(tail)?.strip_prefix(':')?))
    });
    if let Some((_, value)) = operator {
        *rest = value;
    }
    let value = match rest.strip_prefix(is_quote) {
        Some(quoted) => {
            // A quote that is not closed goes on to the end.
            let (value, tail) = quoted.split_once(is_quote).unwrap_or((quoted, ""));
            *rest = tail;
            value
        }
        None => {
            // A quote begins a new part, except in a value, whose name may have one.
            let is_end =
                |character: char| character.is_whitespace() || operator.is_none() && is_quote(character);
            let (value, tail) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
            *rest = tail;
            value
        }
    };
    let mut has_star = value.ends_with('*');
    if let Some(tail) = rest.strip_prefix('*') {
        (has_star, *rest) = (true, tail);
    }
    Some(Part { operator: operator.map(|(name, _)| name), value, has_star })
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}')
}

/// A name without the sign that people write before it.
fn name_of(value: &str, sign: char) -> String {
    let value = value.trim();
    value.strip_prefix(sign).filter(|name| !name.is_empty()).unwrap_or(value).to_owned()
}

/// The beginning, in UTC, of the day that is so many days after the one of the text.
fn start_of(operator: &str, text: &str, days: u64) -> Result<Timestamp> {
    let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| is_date);
    let midnight = date.and_then(|date| date.checked_add_days(Days::new(days))?.and_hms_opt(0, 0, 0));
    match midnight {
        Some(midnight) => Ok(midnight.into()),
        None => refuse(format!("{operator}: takes a date, such as 2026-01-31")),
    }
}

#[cfg(test)]
mod tests;
