//! The tokenizer. Text is compatibility-normalised (NFKC), put in lower case, and stripped of accents. Words are those of
//! UAX #29; runs of scripts that are written without blanks become bigrams, so that any two characters of them are
//! found.
//!
//! A run ABC has the tokens AB, BC and C, at three positions: a single character is found as the prefix of a token, and
//! a longer text as a phrase.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// The beginning of a message that is searched, in bytes.
pub const MAX_CONTENT_BYTES: usize = 65_536;
/// The most tokens of a message: PostgreSQL's positions end at 16,383.
const MAX_TOKENS: usize = 16_000;
/// The longest token, in bytes. Longer words are cut, in messages and in queries alike.
const MAX_TOKEN_BYTES: usize = 64;
/// Combining marks of one character that are kept.
const MAX_MARKS: usize = 8;

/// A token of a text. The position of a token is its index: phrases are tokens that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Letters, digits and marks: never a blank, a quote or other ASCII.
    pub text: String,
    /// The bytes of the text that it was made from.
    pub range: Range<usize>,
    /// Where the first character of a bigram ends, in bytes; the end of any other token.
    pub head_end: usize,
    pub script: Script,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// A word of a script that is written with blanks.
    Word,
    /// A pair of characters of a script that is written without blanks.
    Bigram,
    /// The only character of a run.
    Single,
    /// The last character of a longer run, which is also the end of a bigram.
    Last,
}

/// A character of the text as it is searched.
struct Unit {
    text: String,
    range: Range<usize>,
}

/// Returns the tokens of the beginning of a text.
pub fn tokenize(text: &str) -> Vec<Token> {
    let text = beginning(text, MAX_CONTENT_BYTES);
    let mut tokenizer = Tokenizer::default();
    for (start, word) in text.split_word_bound_indices() {
        if tokenizer.tokens.len() >= MAX_TOKENS {
            break;
        }
        if start < tokenizer.skip_until {
            continue;
        }
        if let Some(end) = end_of_data_url(text, start) {
            tokenizer.end_all();
            tokenizer.skip_until = end;
            continue;
        }
        tokenizer.take(start, word);
    }
    tokenizer.end_all();
    tokenizer.tokens.truncate(MAX_TOKENS);
    tokenizer.tokens
}

/// The longest beginning of at most `bytes` bytes that ends between two characters.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// The end of an embedded file, such as `data:image/png;base64,..`, that begins here: it has no words.
fn end_of_data_url(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?.strip_prefix("data:")?;
    // Its beginning first: a text that repeats `data:` is looked through once.
    let (kind, _) = beginning(rest, 128).split_once(";base64,")?;
    if kind.contains(char::is_whitespace) {
        return None;
    }
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    Some(start + "data:".len() + end)
}

#[derive(Default)]
struct Tokenizer {
    tokens: Vec<Token>,
    /// The word that is being read.
    word: Option<Unit>,
    /// The run of a script without blanks that is being read.
    run: Vec<Unit>,
    skip_until: usize,
}

impl Tokenizer {
    /// Takes a segment between two word boundaries of the text.
    fn take(&mut self, start: usize, segment: &str) {
        // A run may have boundaries inside; a word has none.
        self.end_word();
        for (offset, character) in segment.char_indices() {
            let range = start + offset..start + offset + character.len_utf8();
            let folded = fold(character);
            for part in folded.chars() {
                self.push(part, range.clone());
            }
            // An accent belongs to its letter.
            if folded.is_empty()
                && let Some(unit) = self.word.as_mut().or(self.run.last_mut())
            {
                unit.range.end = range.end;
            }
        }
        self.end_word();
    }

    fn push(&mut self, folded: char, range: Range<usize>) {
        if is_joined(folded) {
            let last = self.word.as_mut().or(self.run.last_mut());
            if let Some(unit) = last
                && unit.text.chars().rev().take_while(|mark| is_joined(*mark)).count() < MAX_MARKS
            {
                unit.text.push(folded);
                unit.range.end = range.end;
            }
        } else if has_no_blanks(folded) {
            self.end_word();
            self.run.push(Unit { text: folded.to_string(), range });
        } else if folded.is_alphanumeric() {
            self.end_run();
            match &mut self.word {
                Some(word) => {
                    word.text.push(folded);
                    word.range.end = range.end;
                }
                word => *word = Some(Unit { text: folded.to_string(), range }),
            }
        } else if !is_apostrophe(folded) {
            self.end_all();
        } else {
            self.end_run();
        }
    }

    fn end_all(&mut self) {
        self.end_word();
        self.end_run();
    }

    fn end_word(&mut self) {
        if let Some(Unit { text, range }) = self.word.take() {
            let composed: String = text.nfc().collect();
            let text = beginning(&composed, MAX_TOKEN_BYTES).to_owned();
            self.tokens.push(Token { text, head_end: range.end, range, script: Script::Word });
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        let composed: Vec<String> = run.iter().map(|unit| unit.text.nfc().collect()).collect();
        let mut rest = run.iter().zip(&composed).peekable();
        let is_single = run.len() == 1;
        while let Some((unit, text)) = rest.next() {
            let (text, end, script) = match rest.peek() {
                Some((next, following)) => (format!("{text}{following}"), next.range.end, Script::Bigram),
                None if is_single => (text.clone(), unit.range.end, Script::Single),
                None => (text.clone(), unit.range.end, Script::Last),
            };
            self.tokens.push(Token { text, range: unit.range.start..end, head_end: unit.range.end, script });
        }
    }
}

/// The searched form of a character: several, or none.
fn fold(character: char) -> String {
    if character.is_ascii() {
        return character.to_ascii_lowercase().to_string();
    }
    let plain =
        std::iter::once(character).nfkd().filter(|part| !is_accent(*part)).flat_map(char::to_lowercase);
    // Lower case may add an accent, as that of İ does. Composed again, Hangul is syllables.
    let mut folded = String::new();
    for part in plain.filter(|part| !is_accent(*part)) {
        match part {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            other => folded.push(other),
        }
    }
    folded.nfc().collect()
}

/// Marks, and the vowels and finals of Hangul that is written in parts: they belong to the character before.
fn is_joined(character: char) -> bool {
    is_combining_mark(character) || matches!(u32::from(character), 0x1160..=0x11ff)
}

/// Marks that are left out: accents of Latin, Greek and Cyrillic, points of Hebrew, vowel marks of Arabic, and
/// characters without a form of their own. The vowel signs of other scripts are letters to their readers.
fn is_accent(character: char) -> bool {
    matches!(
        u32::from(character),
        0x0300..=0x036f
            | 0x0483..=0x0489
            | 0x0591..=0x05bd
            | 0x05bf
            | 0x05c1..=0x05c2
            | 0x05c4..=0x05c5
            | 0x05c7
            | 0x0610..=0x061a
            | 0x0640
            | 0x064b..=0x065f
            | 0x0670
            | 0x06d6..=0x06dc
            | 0x00ad
            | 0x1ab0..=0x1aff
            | 0x1dc0..=0x1dff
            | 0x200b..=0x200d
            | 0x2060
            | 0x20d0..=0x20ff
            | 0xfe00..=0xfe0f
            | 0xfe20..=0xfe2f
            | 0xfeff
    )
}

/// Characters between the letters of a word that are left out: `don't`.
fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | '\u{2bc}' | '\u{5f3}' | '\u{5f4}')
}

/// Letters of scripts that are written without blanks: Han, kana, Hangul, Thai, Lao, Khmer, Myanmar and Tibetan. Korean has
/// blanks, but adds its particles without one.
fn has_no_blanks(character: char) -> bool {
    character.is_alphanumeric()
        && matches!(
            u32::from(character),
            0x0e01..=0x0eff
                | 0x0f00..=0x0fff
                | 0x1000..=0x109f
                | 0x1100..=0x11ff
                | 0x1780..=0x17ff
                | 0x2e80..=0x2fdf
                | 0x3005..=0x3007
                | 0x3021..=0x3029
                | 0x3031..=0x303c
                | 0x3041..=0x318f
                | 0x31a0..=0x31bf
                | 0x31f0..=0x31ff
                | 0x3400..=0x4dbf
                | 0x4e00..=0x9fff
                | 0xa960..=0xa97f
                | 0xac00..=0xd7ff
                | 0xf900..=0xfaff
                | 0x1b000..=0x1b16f
                | 0x20000..=0x3ffff
        )
}

#[cfg(test)]
mod tests;
