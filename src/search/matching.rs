//! The places of a text that a query's phrases match.

use super::{
    query::Phrase,
    tokens::{Script, Token, tokenize},
};

/// A range of a text, in UTF-16 code units as JavaScript counts them: its start and its end.
pub type Range = [usize; 2];

/// The most ranges of one message.
const MAX_RANGES: usize = 100;

/// Returns the ranges of the text that the phrases match, in order and without overlaps; none if one of the phrases
/// matches nowhere.
pub fn find_matches(text: &str, phrases: &[Phrase]) -> Option<Vec<Range>> {
    if phrases.is_empty() {
        return Some(Vec::new());
    }
    let tokens = tokenize(text);
    let mut found = Vec::new();
    for phrase in phrases {
        let before = found.len();
        let ends = (0..tokens.len()).filter_map(|start| match_at(tokens.get(start..)?, phrase));
        found.extend(ends.take(MAX_RANGES));
        if found.len() == before {
            return None;
        }
    }
    found.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (start, end) in found {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged.truncate(MAX_RANGES);
    Some(in_utf16(text, &merged))
}

/// The bytes that a phrase matches, if it does at the first of these tokens.
fn match_at(tokens: &[Token], phrase: &Phrase) -> Option<(usize, usize)> {
    let places = tokens.get(..phrase.tokens.len())?;
    let last = phrase.tokens.len().checked_sub(1)?;
    let is_match = |(place, (token, wanted)): (usize, (&Token, &String))| {
        if place == last && phrase.is_prefix {
            token.text.starts_with(wanted.as_str())
        } else {
            token.text == *wanted
        }
    };
    if !places.iter().zip(&phrase.tokens).enumerate().all(is_match) {
        return None;
    }
    let (first, last) = (places.first()?, places.last()?);
    // A single character matches the first one of a pair.
    let end = if phrase.is_prefix && last.script == Script::Bigram { last.head_end } else { last.range.end };
    Some((first.range.start, end))
}

/// Converts ranges of bytes, which are in order.
fn in_utf16(text: &str, ranges: &[(usize, usize)]) -> Vec<Range> {
    let (mut byte, mut unit) = (0, 0);
    let mut units_at = |end: usize| {
        unit += text.get(byte..end).unwrap_or_default().encode_utf16().count();
        byte = end;
        unit
    };
    ranges.iter().map(|(start, end)| [units_at(*start), units_at(*end)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Query;

    /// The text with its matches in brackets.
    fn marked(text: &str, query: &str) -> Option<String> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let slice = |from: usize, to: usize| String::from_utf16(&units[from..to]).unwrap();
        let (mut marked, mut end) = (String::new(), 0);
        for [from, to] in find_matches(text, &Query::parse(query).unwrap().phrases)? {
            marked += &format!("{}[{}]", slice(end, from), slice(from, to));
            end = to;
        }
        Some(marked + &slice(end, units.len()))
    }

    #[test]
    fn matches_are_marked_in_the_text_as_it_is_written() {
        for (text, query, expected) in [
            ("Hello, World!", "world", "Hello, [World]!"),
            ("😀 École élève", "eleve ecole", "😀 [École] [élève]"),
            ("a lunch, Lunchtime", "lunch", "a [lunch], Lunchtime"),
            ("a lunch, Lunchtime", "lunch*", "a [lunch], [Lunchtime]"),
            ("see https://Example.com/x", "example.com", "see https://[Example.com]/x"),
            ("the quick brown fox", r#""quick brown""#, "the [quick brown] fox"),
            ("我说你好世界吧", "你好世界", "我说[你好世界]吧"),
            ("世界和平世", "世", "[世]界和平[世]"),
            ("Ok 世界 abc", r#""世界 abc""#, "Ok [世界 abc]"),
            ("e\u{301}te\u{301}", "été", "[e\u{301}te\u{301}]"),
            ("서울에서 만나", "서울", "[서울]에서 만나"),
            ("one two", "from:x", "one two"),
        ] {
            assert_eq!(marked(text, query).as_deref(), Some(expected), "{query}");
        }
    }

    #[test]
    fn a_text_that_lacks_one_of_the_phrases_does_not_match() {
        for (text, query) in [
            ("the brown quick fox", r#""quick brown""#),
            ("hello", "hello world"),
            ("hello", "hell"),
            ("世 界", "世界"),
            ("", "x"),
        ] {
            assert_eq!(marked(text, query), None, "{query}");
        }
    }

    #[test]
    fn the_ranges_of_a_message_are_bounded() {
        let ranges = find_matches(&"a- ".repeat(10_000), &Query::parse("a").unwrap().phrases).unwrap();
        assert_eq!((ranges.len(), ranges[99]), (100, [297, 298]));
    }
}
