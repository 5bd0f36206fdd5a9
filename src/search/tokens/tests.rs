//! Tests of the tokenizer.

use proptest::prelude::*;

use super::*;

fn texts(text: &str) -> Vec<String> {
    tokenize(text).into_iter().map(|token| token.text).collect()
}

#[test]
fn text_becomes_tokens_as_the_table_says() {
    let table: &[(&str, &[&str])] = &[
        ("", &[]),
        (" \t\n?! ... ", &[]),
        ("Hello, World!", &["hello", "world"]),
        ("École élève ÉCOLE e\u{301}cole", &["ecole", "eleve", "ecole", "ecole"]),
        ("don't don\u{2019}t rock'n'roll", &["dont", "dont", "rocknroll"]),
        ("'quoted' \u{2018}so\u{2019}", &["quoted", "so"]),
        ("example.com/a-b_c?d=3.14", &["example", "com", "a", "b", "c", "d", "3", "14"]),
        ("Straße STRASSE Łódź Ærø", &["strasse", "strasse", "lodz", "aero"]),
        ("ﬁne ① Ｆｕｌｌ", &["fine", "1", "full"]),
        ("İstanbul ISPARTA ılık", &["istanbul", "isparta", "ilik"]),
        ("Σίσυφος ΣΊΣΥΦΟΣ", &["σισυφοσ", "σισυφοσ"]),
        ("ёлка Ёлка", &["елка", "елка"]),
        ("שָׁלוֹם צה״ל", &["שלום", "צהל"]),
        ("مُحَمَّد", &["محمد"]),
        ("你好世界", &["你好", "好世", "世界", "界"]),
        ("字", &["字"]),
        ("abc世界def", &["abc", "世界", "界", "def"]),
        ("カタカナ ｶﾀｶﾅ", &["カタ", "タカ", "カナ", "ナ", "カタ", "タカ", "カナ", "ナ"]),
        ("ガ ｶﾞ か\u{3099}", &["ガ", "ガ", "が"]),
        ("서울에서", &["서울", "울에", "에서", "서"]),
        ("서울", &["서울", "울"]),
        ("\u{1109}\u{1165}\u{110b}\u{116e}\u{11af}", &["서울", "울"]),
        ("ไทย", &["ไท", "ทย", "ย"]),
        ("हिन्दी", &["हिन्दी"]),
        ("co\u{ad}operate a\u{200b}b", &["cooperate", "a", "b"]),
        ("😀 ok👍🏽", &["ok"]),
        ("data:image/png;base64,iVBORw0KGgo+/AAA== after", &["after"]),
        ("data: no file", &["data", "no", "file"]),
    ];
    for (text, expected) in table {
        assert_eq!(texts(text), *expected, "{text}");
    }
}

#[test]
fn a_token_knows_the_place_that_it_was_made_from() {
    let text = "É, 你好e\u{301}";
    let places: Vec<&str> = tokenize(text).iter().map(|token| &text[token.range.clone()]).collect();
    assert_eq!(places, ["É", "你好", "好", "e\u{301}"]);
    let heads: Vec<&str> =
        tokenize(text).iter().map(|token| &text[token.range.start..token.head_end]).collect();
    assert_eq!(heads, ["É", "你", "好", "e\u{301}"]);
}

#[test]
fn long_words_are_cut_and_long_texts_are_searched_at_their_beginning() {
    assert_eq!(texts(&"x".repeat(1_000)), ["x".repeat(64)]);
    assert_eq!(texts(&"ж".repeat(1_000)), ["ж".repeat(32)]);
    let long = format!("{} late", "a ".repeat(40_000));
    let found = texts(&long);
    assert_eq!((found.len(), found.last().unwrap().as_str()), (MAX_TOKENS, "a"));
    assert_eq!(texts(&format!("{}字", "-".repeat(MAX_CONTENT_BYTES - 1))), Vec::<String>::new());
    let marks = format!("कि{}", "\u{93f}".repeat(10_000));
    assert!(texts(&marks)[0].len() <= MAX_TOKEN_BYTES);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens_are_within_bounds_and_safe_in_both_databases(text in "\\PC*|[\\x00-\\x7f字ガé'\u{301}\u{3099}]*") {
        let tokens = tokenize(&text);
        for token in &tokens {
            prop_assert!(!token.text.is_empty() && token.text.len() <= MAX_TOKEN_BYTES);
            let is_safe = |part: char| if part.is_ascii() {
                part.is_ascii_lowercase() || part.is_ascii_digit()
            } else {
                part.is_alphanumeric() || is_combining_mark(part)
            };
            prop_assert!(token.text.chars().all(is_safe), "{:?}", token.text);
            prop_assert!(text.get(token.range.clone()).is_some_and(|place| !place.is_empty()));
            prop_assert!(token.range.start < token.head_end && token.head_end <= token.range.end);
        }
        prop_assert!(tokens.is_sorted_by_key(|token| token.range.start));
    }

    #[test]
    fn case_and_composition_change_no_token(text in "[a-zA-Zéàüñçåôďşžαβγδεёжзи 你好가나]*") {
        let plain = texts(&text);
        prop_assert_eq!(&texts(&text.to_uppercase()), &plain);
        prop_assert_eq!(&texts(&text.nfd().collect::<String>()), &plain);
        prop_assert_eq!(&texts(&text.nfkc().collect::<String>()), &plain);
    }
}

/// A search for the end at each beginning would take minutes, and the runner's deadline would end it.
#[test]
fn a_text_that_begins_many_files_is_read_in_linear_time() {
    for _ in 0..20 {
        assert!(tokenize(&"data:;".repeat(MAX_CONTENT_BYTES / 6)).len() > 1_000);
    }
    assert!(tokenize(&"data:;base64,".repeat(MAX_CONTENT_BYTES / 13)).is_empty());
}
