//! Positions in a list by time, such as a room's history, as opaque texts, for pages.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{Error, Result, id::MessageId, message::Place, timestamp::Timestamp};

/// The longest cursor, in bytes. Other programs' messages may have long ids.
const MAX_LENGTH: usize = 16_384;

pub fn write(place: &Place) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{}.{}", place.at.millis(), place.id))
}

/// The place above all others, from which the first page begins.
pub fn newest() -> Place {
    Place::below(Timestamp::from_millis(i64::MAX))
}

pub fn read(text: &str) -> Result<Place> {
    let invalid = || Error::BadInput("the cursor is none that this server has given".to_owned());
    if text.len() > MAX_LENGTH {
        return Err(invalid());
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let place = String::from_utf8(bytes).map_err(|_| invalid())?;
    let (at, id) = place.split_once('.').ok_or_else(invalid)?;
    let millis: i64 = at.parse().map_err(|_| invalid())?;
    if id.contains('\0') {
        return Err(invalid());
    }
    Ok(Place { at: Timestamp::from_millis(millis), id: MessageId::from(id) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_its_place_and_nothing_else_is_one() {
        let place = Place { at: Timestamp::from_millis(1_767_225_600_042), id: MessageId::from("a.b-ü") };
        assert_eq!(read(&write(&place)).unwrap(), place);
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let long = encode(&"1".repeat(16_000));
        for text in [
            "",
            "é",
            "====",
            &encode("x.y"),
            &encode("12"),
            &encode("9223372036854775808.x"),
            &encode("1.\0"),
            &long,
        ] {
            assert!(matches!(read(text), Err(Error::BadInput(_))), "{text}");
        }
    }
}
