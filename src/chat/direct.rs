//! Direct rooms: one for each pair of users, with an id that both clients can compute.

use uuid::Uuid;

use super::id::{RoomId, UserId};

/// The room id: `dm:` and the two user ids, sorted as JavaScript sorts strings, by UTF-16 code unit.
pub fn room_id(one: &UserId, other: &UserId) -> RoomId {
    let (first, second) = sorted(one, other);
    RoomId::from(format!("dm:{first}:{second}"))
}

/// The id of the direct room where the ids of rooms are UUIDs: the one of version 5 of [`room_id`], in the namespace of
/// object identifiers.
pub fn room_uuid(one: &UserId, other: &UserId) -> RoomId {
    let name = room_id(one, other);
    RoomId::from(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_str().as_bytes()).to_string())
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

    #[test]
    fn a_direct_room_has_one_uuid_from_both_ends() {
        for (one, other) in [("alice", "bob"), ("bob", "alice")] {
            // As `uuid_generate_v5(uuid_ns_oid(), 'dm:alice:bob')` of PostgreSQL's uuid-ossp says.
            let expected = "d95f05a9-79be-53d2-a49c-6db0b7473a1f";
            assert_eq!(room_uuid(&one.into(), &other.into()).as_str(), expected);
        }
    }
}
