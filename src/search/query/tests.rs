//! Tests of the query parser.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Query {
    Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn phrases(text: &str) -> Vec<String> {
    let shown = |phrase: Phrase| phrase.tokens.join(" ") + if phrase.is_prefix { "*" } else { "" };
    parse(text).phrases.into_iter().map(shown).collect()
}

fn day(text: &str) -> Timestamp {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap().and_hms_opt(0, 0, 0).unwrap().into()
}

#[test]
fn words_and_phrases_are_parsed_as_the_table_says() {
    let table: &[(&str, &[&str])] = &[
        ("Hello world", &["hello", "world"]),
        ("hello HELLO héllo", &["hello"]),
        (r#""Hello world" again"#, &["hello world", "again"]),
        (r#"“Hello world” «un mot»"#, &["hello world", "un mot"]),
        (r#""not closed at all"#, &["not closed at all"]),
        (r#"one"two three"four"#, &["one", "two three", "four"]),
        ("wor* hello", &["wor*", "hello"]),
        (r#""hello wor"* x"#, &["hello wor*", "x"]),
        ("example.com", &["example com"]),
        ("https://example.com/a", &["https example com a"]),
        ("don't", &["dont"]),
        ("subject:lunch", &["subject lunch"]),
        ("你好世界", &["你好 好世 世界"]),
        ("字", &["字*"]),
        (r#""hello 世界 abc""#, &["hello 世界 界 abc"]),
        ("世界*", &["世界"]),
        ("-word +word (word) & | ! <-> :*", &["word"]),
        ("NEAR(a b) OR NOT words : x^2", &["near a", "b", "or", "not", "words", "x 2"]),
        ("' \" ; DROP", &["drop"]),
        ("a * b", &["a", "b"]),
    ];
    for (text, expected) in table {
        assert_eq!(phrases(text), *expected, "{text}");
    }
}

#[test]
fn operators_are_parsed_as_they_are_documented() {
    let query = parse(
        r#"from:alice FROM:@bob from:"Carl Öst" in:general in:#random in:"The long name" has:link has:image
        has:LINK before:2026-02-01 before:2026-01-31 after:2026-01-01 after:2025-12-01 lunch"#,
    );
    assert_eq!(query.from, ["alice", "bob", "Carl Öst"]);
    assert_eq!(query.rooms, ["general", "random", "The long name"]);
    assert_eq!(query.has, [Has::Link, Has::Image]);
    assert_eq!((query.before, query.since), (Some(day("2026-01-31")), Some(day("2026-01-02"))));
    assert_eq!(phrases("has:file"), Vec::<String>::new());
    assert_eq!(parse("in:dm:alice:bob x").rooms, ["dm:alice:bob"]);
    assert_eq!(phrases("within:x from"), ["within x", "from"]);
    assert_eq!(parse("from:O\"Neil").from, ["O\"Neil"]);
}

#[test]
fn a_bad_query_is_refused_with_its_reason() {
    let many = |word: &str, count: usize| {
        (0..count).map(|number| format!("{word}{number}")).collect::<Vec<_>>().join(" ")
    };
    for (text, reason) in [
        ("", "no word to search for"),
        ("   ?! * \"\"", "no word to search for"),
        ("from:", "from: is followed by nothing"),
        ("in:\"\" x", "in: is followed by nothing"),
        ("has:cheese", "has: takes link, image or file"),
        ("before:yesterday", "before: takes a date"),
        ("after:2026-13-01", "after: takes a date"),
        ("after:2026-1-1", "after: takes a date"),
        ("after:+12345-01-01", "after: takes a date"),
        ("a*", "a prefix has at least 2 letters"),
        ("a\0b", "U+0000"),
        (&"x".repeat(1_025), "too long"),
        (&many("w", 17), "more than 16 words and phrases"),
        (&format!("\"{}\"", many("w", 65)), "more than 64 words"),
        ("字 ab*  cd* ef* gh*", "more than 4 prefixes"),
        (&many("from:u", 9), "more than 8 from:"),
        (&many("in:r", 9), "more than 8 in:"),
    ] {
        match Query::parse(text) {
            Err(Error::BadInput(why)) => assert!(why.contains(reason), "{text}: {why}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_query_within_bounds_or_is_refused(text in "\\PC{0,80}|[a-c\"*: ():'&|!<>-]{0,200}") {
        if let Ok(query) = Query::parse(&text) {
            prop_assert!(query.phrases.len() <= MAX_PHRASES);
            for phrase in query.phrases {
                prop_assert!(!phrase.tokens.is_empty());
                prop_assert!(phrase.tokens.iter().all(|token| !token.contains(['\'', '"', ' ', ':', '*'])));
            }
        }
    }
}
