//! Ids as newtypes, so that a user id cannot stand where a room id belongs. Cheap to clone.

use std::{borrow::Borrow, fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

use super::timestamp::Timestamp;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $expecting:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema, Serialize)]
        #[serde(transparent)]
        #[schemars(inline)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name::from(text))
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
    };
}

id!(
    /// The id of a room: any text up to the limit. A direct room's id is made by [`super::direct::room_id`].
    RoomId,
    "a room id (text)"
);
id!(
    /// The id of a user: the `sub` of their token.
    UserId,
    "a user id (text)"
);
id!(
    /// The id of a message.
    MessageId,
    "a message id (text)"
);

impl From<Uuid> for MessageId {
    fn from(uuid: Uuid) -> Self {
        (&*uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())).into()
    }
}

/// An id for the `seq`-th entry of a room's log, made at `at`: a UUID of version 7 whose text sorts as `(at, seq)`
/// does.
///
/// So messages of one millisecond stand in history in the order in which they were committed, whichever node wrote
/// them, and without a column added to the original's table. `random` fills the remaining 42 bits.
pub fn ordered_uuid(at: Timestamp, seq: i64, random: Uuid) -> Uuid {
    let counter = (seq as u32).to_be_bytes();
    let mut tail = [0u8; 10];
    tail.copy_from_slice(&random.as_bytes()[6..16]);
    // 12 bits of `rand_a`, then 20 of the 62 bits of `rand_b`. The builder overwrites the top bits with version and
    // variant.
    let bits = u32::from_be_bytes(counter);
    tail[0] = (bits >> 28) as u8;
    tail[1] = (bits >> 20) as u8;
    tail[2] = ((bits >> 14) & 0x3f) as u8;
    tail[3] = (bits >> 6) as u8;
    tail[4] = ((bits << 2) as u8 & 0xfc) | (tail[4] & 0x03);
    uuid::Builder::from_unix_timestamp_millis(at.millis().max(0) as u64, &tail).into_uuid()
}

/// The lower 32 bits of the `seq` that [`ordered_uuid`] put into an id; none if the text is not a UUID of version 7.
/// Another program's id may look the same, so check the result against the log.
pub fn seq_of_ordered_uuid(id: &str) -> Option<u32> {
    let id = Uuid::try_parse(id).ok().filter(|id| id.get_version_num() == 7)?;
    let (_, low) = id.as_u64_pair();
    let (high, low) = ((id.as_u128() >> 64) as u32 & 0xfff, (low >> 42) as u32 & 0xf_ffff);
    Some(high << 20 | low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_ids_sort_by_time_then_seq_and_are_version_7() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        let seqs = [1, 2, 63, 64, 65, 4_095, 4_096, 1 << 20, (1 << 28) - 1, 1 << 28, (1 << 32) - 1];
        let ids: Vec<String> =
            seqs.iter().map(|seq| ordered_uuid(at, *seq, Uuid::new_v4()).to_string()).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        for (seq, id) in seqs.iter().zip(&ids) {
            assert_eq!(seq_of_ordered_uuid(id).map(i64::from), Some(*seq), "{id}");
        }
        let later = ordered_uuid(Timestamp::from_millis(at.millis() + 1), 1, Uuid::nil()).to_string();
        assert!(ids.iter().all(|id| *id < later));
        assert_eq!(ordered_uuid(at, 9, Uuid::new_v4()).get_version_num(), 7);
    }

    #[test]
    fn ordered_ids_of_one_place_differ_by_chance() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        assert_ne!(ordered_uuid(at, 9, Uuid::new_v4()), ordered_uuid(at, 9, Uuid::new_v4()));
    }

    #[test]
    fn an_operator_object_is_not_an_id() {
        let error = serde_json::from_str::<MessageId>(r#"{"contains":""}"#).unwrap_err();
        assert!(error.to_string().contains("expected a message id (text)"), "{error}");
    }
}
