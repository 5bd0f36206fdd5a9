//! Where a page of search results ends, as an opaque text.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::chat::{Error, Result};

/// The longest cursor, in bytes. Other programs' messages may have long ids.
const MAX_LENGTH: usize = 16_384;

/// The place of a message in the index, and its score in an order by relevance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// More is more relevant; none in an order by time.
    pub score: Option<i64>,
    /// When the message was sent, in microseconds since 1970.
    pub at: i64,
    /// Orders messages of one time, by a text of the database's own.
    pub key: String,
}

impl Cursor {
    pub fn write(&self) -> String {
        let score = self.score.map(|score| score.to_string()).unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode(format!("{score}.{}.{}", self.at, self.key))
    }

    pub fn read(text: &str) -> Result<Self> {
        let invalid = || Error::BadInput("after: this is no cursor that this server has given".to_owned());
        if text.len() > MAX_LENGTH {
            return Err(invalid());
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let text = String::from_utf8(bytes).map_err(|_| invalid())?;
        let mut parts = text.splitn(3, '.');
        let (Some(score), Some(at), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(invalid());
        };
        let score = match score {
            "" => None,
            score => Some(score.parse().map_err(|_| invalid())?),
        };
        if key.contains('\0') {
            return Err(invalid());
        }
        Ok(Self { score, at: at.parse().map_err(|_| invalid())?, key: key.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_its_place_and_nothing_else_is_one() {
        for score in [None, Some(-3), Some(12_000)] {
            let cursor = Cursor { score, at: 1_767_225_600_042_000, key: "a.b-ü".to_owned() };
            assert_eq!(Cursor::read(&cursor.write()).unwrap(), cursor);
        }
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let long = encode(&"1".repeat(16_000));
        for text in
            ["", "é", "===", &encode("1.2"), &encode("x.1.a"), &encode(".x.a"), &encode(".1.\0"), &long]
        {
            assert!(matches!(Cursor::read(text), Err(Error::BadInput(_))), "{text}");
        }
    }
}
