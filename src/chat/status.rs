//! The status of a user: a line of text, an emoji, and when it ends.

use std::sync::Arc;

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

use super::{Error, Result, limits::Limits, timestamp::Timestamp};

/// The text of a status, in bytes of UTF-8 and in characters as a reader counts them.
const TEXT_BYTES: usize = 400;
const TEXT_CHARACTERS: usize = 100;

/// The furthest end of a status, in milliseconds from now.
const MAX_LEAD_MILLIS: i64 = 366 * 24 * 60 * 60 * 1_000;

/// A status has a text or an emoji, or both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub text: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub emoji: Option<Arc<str>>,
    /// When the status ends; absent: when it is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub clear_at: Option<Timestamp>,
}

impl Status {
    /// Makes the status that a user asks for; none if it has neither text nor emoji.
    pub fn new(
        text: Option<&str>,
        emoji: Option<&str>,
        clear_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Self>> {
        let is_soon = |at: Timestamp| at > now && at.millis().saturating_sub(now.millis()) <= MAX_LEAD_MILLIS;
        if !clear_at.is_none_or(is_soon) {
            return Err(Error::BadInput("clearAt: expected a time within the next 366 days".to_owned()));
        }
        let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(Arc::from);
        let status = Self { text: given(text), emoji: given(emoji), clear_at };
        Ok((status.text.is_some() || status.emoji.is_some()).then_some(status))
    }

    /// True once the status has ended.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.clear_at.is_some_and(|at| at <= now)
    }
}

impl Limits {
    /// The text of a status is one line, and its emoji one character as a reader counts them.
    pub fn ensure_status(&self, text: Option<&str>, emoji: Option<&str>) -> Result<()> {
        let bad = |why: String| Err(Error::BadInput(why));
        let (text, emoji) = (text.map_or("", str::trim), emoji.map_or("", str::trim));
        if text.len() > TEXT_BYTES || text.graphemes(true).count() > TEXT_CHARACTERS {
            return bad(format!(
                "text is too long (at most {TEXT_CHARACTERS} characters and {TEXT_BYTES} bytes)"
            ));
        }
        if text.chars().any(char::is_control) {
            return bad("text: expected one line, without control characters".to_owned());
        }
        if !emoji.is_empty() {
            self.ensure_emoji(emoji)?;
            if emoji.graphemes(true).count() > 1 || emoji.chars().any(char::is_control) {
                return bad("emoji: expected one emoji".to_owned());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_line_and_one_emoji() {
        let limits = Limits::default();
        let is_taken = |text: &str, emoji: &str| limits.ensure_status(Some(text), Some(emoji)).is_ok();
        assert!(is_taken("In a meeting", "👩‍👩‍👧‍👦"));
        assert!(is_taken("", ""));
        assert!(is_taken(&"é".repeat(100), "🇨🇭"));
        assert!(!is_taken(&"x".repeat(101), ""));
        assert!(!is_taken(&"👩‍👩‍👧‍👦".repeat(20), ""), "500 bytes");
        assert!(!is_taken("two\nlines", ""));
        assert!(!is_taken("", "👍👍"));
        assert!(!is_taken("", "\u{0}"));
        assert!(!is_taken("", &format!("a{}", "\u{301}".repeat(40))), "one character of 81 bytes");
    }

    #[test]
    fn a_status_of_blanks_is_none_and_an_end_is_soon_and_not_past() {
        let now = Timestamp::from_millis(1_000);
        let made = |text: Option<&str>, emoji: Option<&str>, at: Option<i64>| {
            Status::new(text, emoji, at.map(Timestamp::from_millis), now)
        };
        assert_eq!(made(Some("  "), Some(""), None).unwrap(), None);
        assert_eq!(made(None, None, Some(2_000)).unwrap(), None);
        let status = made(Some(" Away "), None, Some(2_000)).unwrap().unwrap();
        assert_eq!((status.text.as_deref(), status.emoji.clone()), (Some("Away"), None));
        assert!(
            !status.is_over(Timestamp::from_millis(1_999)) && status.is_over(Timestamp::from_millis(2_000))
        );
        for at in [1_000, -5, i64::MIN, i64::MAX, now.millis() + MAX_LEAD_MILLIS + 1] {
            assert!(made(Some("x"), None, Some(at)).is_err(), "{at}");
        }
    }
}
