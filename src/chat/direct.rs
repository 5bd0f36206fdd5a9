//! Direct rooms: one for each pair of users, with an id that both clients can compute.

use super::id::{RoomId, UserId};

/// The room id: `dm:` and the two user ids, sorted as JavaScript sorts strings, by UTF-16 code unit.
pub fn room_id(one: &UserId, other: &UserId) -> RoomId {
    let (first, second) = sorted(one, other);
    RoomId::from(format!("dm:{first}:{second}"))
}

/// The pair in the order in which it stands in the room id.
pub fn sorted<'a>(one: &'a UserId, other: &'a UserId) -> (&'a UserId, &'a UserId) {
    if one.as_str().encode_utf16().le(other.as_str().encode_utf16()) { (one, other) } else { (other, one) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_rooms_id_sorts_by_code_unit_and_is_the_same_from_both_ends() {
        for (one, other, expected) in [
            ("alice", "bob", "dm:alice:bob"),
            ("alice", "Zoe", "dm:Zoe:alice"),
            ("10", "9", "dm:10:9"),
            // U+1F600 begins with the code unit D83D, which is less than U+FF5E although its code point is greater.
            ("\u{ff5e}", "\u{1f600}", "dm:\u{1f600}:\u{ff5e}"),
        ] {
            assert_eq!(room_id(&one.into(), &other.into()).as_str(), expected);
            assert_eq!(room_id(&other.into(), &one.into()).as_str(), expected);
        }
    }
}
