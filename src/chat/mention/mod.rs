//! Mentions in the text of a message: `@name`, `@{id}`, `@here` and `@room`. A name is that of a member, of one word or
//! several; the longest that stands there is meant. Code, web addresses and e-mail addresses mention nobody. The clients
//! have the same grammar: `tests/fixtures/mentions.json` holds all of them to it.

mod prose;

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use unicode_normalization::UnicodeNormalization;

use self::prose::{is_unspaced, is_word, skipped};
use super::id::UserId;

/// The most `@` of a text that are looked at.
pub const MAX_MARKS: usize = 200;
/// The most characters of a text that may be a name.
const MAX_NAME: usize = 100;

/// A mention, by its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The place, in characters (Unicode scalar values), from its `@` on.
    pub range: Range<usize>,
    pub target: Target,
}

/// The users that a mention is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Users by name or id: several if they have the same name.
    Users(Vec<UserId>),
    /// The members who are online.
    Here,
    /// All members.
    Room,
}

/// The users whom a message mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentioned {
    /// Those who are named, each once.
    pub users: Vec<UserId>,
    /// Those who were online, if `@here` stands in it.
    pub here: Vec<UserId>,
    /// `@room` stands in it.
    pub is_room: bool,
}

/// How a user is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MentionKind {
    User,
    Here,
    Room,
}

impl MentionKind {
    pub fn label(self) -> &'static str {
        match self {
            MentionKind::User => "user",
            MentionKind::Here => "here",
            MentionKind::Room => "room",
        }
    }

    /// The kind with this label; a label of a newer server is that of a user.
    pub fn from_label(label: &str) -> Self {
        match label {
            "here" => MentionKind::Here,
            "room" => MentionKind::Room,
            _ => MentionKind::User,
        }
    }
}

impl Mentioned {
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.here.is_empty() && !self.is_room
    }

    /// The kind of this user's mention; none if they are not mentioned.
    pub fn kind_for(&self, user_id: &UserId) -> Option<MentionKind> {
        match () {
            () if self.users.contains(user_id) => Some(MentionKind::User),
            () if self.here.contains(user_id) => Some(MentionKind::Here),
            () if self.is_room => Some(MentionKind::Room),
            () => None,
        }
    }
}

/// The members of a room, by name and by id.
#[derive(Debug, Default)]
pub struct Names {
    ids: HashSet<UserId>,
    by_name: HashMap<String, Vec<UserId>>,
}

impl<'a> FromIterator<(&'a UserId, &'a str)> for Names {
    /// Collects ids with their names.
    fn from_iter<I: IntoIterator<Item = (&'a UserId, &'a str)>>(members: I) -> Self {
        let mut names = Names::default();
        for (id, name) in members {
            names.ids.insert(id.clone());
            let folded = fold(&name.chars().collect::<Vec<_>>());
            if !folded.is_empty() {
                names.by_name.entry(folded).or_default().push(id.clone());
            }
        }
        names
    }
}

impl Names {
    pub fn contains(&self, user_id: &UserId) -> bool {
        self.ids.contains(user_id)
    }
}

/// True if a text may mention somebody. It is cheap, and spares reading the members for any other text.
pub fn may_mention(text: &str) -> bool {
    text.contains('@')
}

/// Finds the mentions of a text, in their order.
pub fn find(text: &str, names: &Names) -> Vec<Mention> {
    if !may_mention(text) {
        return Vec::new();
    }
    let text: Vec<char> = text.chars().collect();
    let skipped = skipped(&text);
    let mut mentions = Vec::new();
    let (mut from, mut marks) = (0, 0);
    while let Some(at) = (from..text.len()).find(|&index| text.get(index) == Some(&'@')) {
        from = at + 1;
        if skipped.get(at) != Some(&false) || !may_begin(&text, at) {
            continue;
        }
        marks += 1;
        if marks > MAX_MARKS {
            break;
        }
        if let Some((end, target)) = mention_at(&text, at + 1, names) {
            mentions.push(Mention { range: at..end, target });
            from = end;
        }
    }
    mentions
}

/// The most characters of an excerpt.
const MAX_EXCERPT: usize = 200;

/// The beginning of a text, which an ellipsis follows if there is more.
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_EXCERPT) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// False if the `@` is escaped, or stands behind the local part of an e-mail address.
fn may_begin(text: &[char], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    if before.last() == Some(&'\\') {
        return false;
    }
    !before.iter().rev().take_while(|&&it| is_local(it)).any(|&it| is_word(it))
}

/// True for the characters of an e-mail address before its `@`.
fn is_local(it: char) -> bool {
    is_word(it) && !is_unspaced(it) || matches!(it, '.' | '_' | '%' | '+' | '-')
}

/// The end of the mention whose `@` is before `start`, and its target.
fn mention_at(text: &[char], start: usize, names: &Names) -> Option<(usize, Target)> {
    let rest = text.get(start..)?;
    if rest.first() == Some(&'{') {
        let length = rest.iter().take(MAX_NAME * 6).position(|&it| it == '}')?;
        let id = UserId::from(rest.get(1..length)?.iter().collect::<String>());
        return names.ids.contains(&id).then(|| (start + length + 1, Target::Users(vec![id])));
    }
    if rest.first().is_none_or(|it| it.is_whitespace()) {
        return None;
    }
    let line = rest.iter().take(MAX_NAME).take_while(|it| !matches!(it, '\n' | '\r' | '@')).count();
    (1..=line).rev().filter(|&length| is_end(rest, length)).find_map(|length| {
        let name = fold(rest.get(..length)?);
        let target = match (names.by_name.get(&name), name.as_str()) {
            (Some(ids), _) => Target::Users(ids.clone()),
            (None, "here") => Target::Here,
            (None, "room") => Target::Room,
            (None, _) => return None,
        };
        Some((start + length, target))
    })
}

/// True if a name of this many characters may end there: no word goes on.
fn is_end(rest: &[char], length: usize) -> bool {
    let (Some(&last), next) = (rest.get(length - 1), rest.get(length)) else { return false };
    let Some(&next) = next else { return !last.is_whitespace() };
    if last.is_whitespace() {
        return false;
    }
    let goes_on = |it: Option<&char>| it.is_some_and(|&it| is_word(it) && !is_unspaced(it));
    if is_word(next) {
        // Chinese, Thai and the like are written without spaces.
        return is_mark_free(next) && (is_unspaced(last) || is_unspaced(next));
    }
    // A dot, a hyphen, an underscore or another `@` within a word joins it.
    !(matches!(next, '.' | '-' | '_' | '@')
        && goes_on(rest.get(length + 1))
        && is_word(last)
        && !is_unspaced(last))
}

/// False for an accent and the like, which belongs to the character before it.
fn is_mark_free(it: char) -> bool {
    !unicode_normalization::char::is_combining_mark(it)
}

/// A name as it is compared: in composed form (NFC), its spaces made one each. Case is folded character by character,
/// over the upper case, as a final sigma has an own lower case.
fn fold(name: &[char]) -> String {
    let text: String = name.iter().collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn mentions_are_found_as_the_fixtures_say() {
        let fixtures: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/mentions.json")).unwrap();
        let members: Vec<(UserId, String)> = fixtures["members"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(id, name)| (id.as_str().into(), name.as_str().unwrap().to_owned()))
            .collect();
        let names: Names = members.iter().map(|(id, name)| (id, name.as_str())).collect();
        let cases = fixtures["cases"].as_array().unwrap();
        assert!(cases.len() > 60);
        for case in cases {
            let text = case["text"].as_str().unwrap();
            let chars: Vec<char> = text.chars().collect();
            let found: Vec<Value> = find(text, &names)
                .into_iter()
                .map(|mention| {
                    let written: String = chars[mention.range].iter().collect();
                    match mention.target {
                        Target::Users(ids) => serde_json::json!([written, ids]),
                        Target::Here => serde_json::json!([written, "here"]),
                        Target::Room => serde_json::json!([written, "room"]),
                    }
                })
                .collect();
            assert_eq!(Value::from(found), case["mentions"], "{text:?}: {}", case["why"]);
        }
    }

    /// A search that is not linear would take minutes, and the runner's deadline would end it.
    #[test]
    fn a_hostile_text_is_searched_in_linear_time() {
        let long = "n".repeat(90);
        let id = UserId::from("u");
        let names: Names = [(&id, long.as_str())].into_iter().collect();
        for (part, times) in [
            ("@", 1_000_000),
            ("@a b ", 200_000),
            ("`a``b", 200_000),
            ("好@好", 300_000),
            ("a", 999_999),
            ("http://", 140_000),
            ("@{", 500_000),
            ("```\n", 250_000),
        ] {
            assert!(find(&(part.repeat(times) + "@"), &names).is_empty());
        }
    }
}
