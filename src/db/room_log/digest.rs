//! Digests of rooms' newest messages, as the log has left them. One is written when a room leaves memory. If the room
//! differs from it when it is loaded, with no entry in between, another program has changed it.

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Text},
};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Tail, note::hash_of_reactions};
use crate::{
    chat::{Result, id::RoomId},
    db::{Db, on},
    protocol::MessageView,
};

#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Digest {
    /// The entry after which the room was like this.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// The number of messages, from the newest on.
    #[diesel(sql_type = BigInt)]
    pub messages: i64,
    /// The room had no more.
    #[diesel(sql_type = Bool)]
    pub is_whole: bool,
    #[diesel(sql_type = BigInt)]
    pub hash: i64,
}

impl Digest {
    /// `newest`: the newest messages, newest first; `is_whole`: the room has no more.
    pub fn of<'a>(seq: i64, newest: impl Iterator<Item = &'a MessageView>, is_whole: bool) -> Self {
        let mut hash = Sha256::new();
        let mut messages = 0;
        for message in newest {
            add_message(&mut hash, message);
            messages += 1;
        }
        let hash = hash.finalize().iter().take(8).fold(0, |number: i64, byte| number << 8 | i64::from(*byte));
        Self { seq, messages, is_whole, hash }
    }

    /// Whether a room that was loaded is like this; none if that cannot be told, because the log has gone on or the
    /// messages are too large to be loaded.
    pub fn is_of(&self, tail: &Tail) -> Option<bool> {
        let count = usize::try_from(self.messages).ok()?;
        if self.seq != tail.seq || tail.messages.len() < count && !tail.complete {
            return None;
        }
        let has_count = tail.messages.len() == count && tail.complete;
        if tail.messages.len() < count || self.is_whole && !has_count {
            return Some(false);
        }
        Some(Self::of(self.seq, tail.messages.iter().take(count), self.is_whole) == *self)
    }
}

/// Names are left out: they change without an entry.
fn add_message(hash: &mut Sha256, message: &MessageView) {
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(message.id.as_str().as_bytes());
    add(message.sender_id.as_str().as_bytes());
    add(message.content.as_bytes());
    add(message.kind.as_str().as_bytes());
    add(message.reply_to.as_deref().unwrap_or_default().as_bytes());
    add(&message.updated_at.map_or(i64::MIN, |at| at.millis()).to_le_bytes());
    add(&hash_of_reactions(&message.reactions).to_le_bytes());
    add_json(&mut add, &message.metadata);
}

/// Ignores the order of keys and how numbers are written, because JSONB changes them.
fn add_json(add: &mut impl FnMut(&[u8]), value: &Value) {
    match value {
        Value::Number(number) => match number.as_f64() {
            // Zero has no sign in JSONB.
            Some(number) => add(&(number + 0.0).to_le_bytes()),
            None => add(number.to_string().as_bytes()),
        },
        Value::Array(values) => {
            add(b"[");
            values.iter().for_each(|value| add_json(add, value));
            add(b"]");
        }
        Value::Object(values) => {
            let mut keys: Vec<&String> = values.keys().collect();
            keys.sort_unstable();
            add(b"{");
            for key in keys {
                add(key.as_bytes());
                values.get(key).into_iter().for_each(|value| add_json(add, value));
            }
            add(b"}");
        }
        plain => add(plain.to_string().as_bytes()),
    }
}

/// One statement for any number of rooms, in the order of all who write them.
const WRITE_PG: &str = "
    INSERT INTO chatoxide.room_digest (room_id, seq, messages, is_whole, hash)
    SELECT * FROM unnest($1, $2, $3, $4, $5) AS digest (room_id, seq, messages, is_whole, hash)
    ORDER BY room_id COLLATE \"C\"
    ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq, messages = excluded.messages,
        is_whole = excluded.is_whole, hash = excluded.hash";

/// The digests are passed as JSON: `[[room, seq, messages, is whole, hash], ..]`.
const WRITE_LITE: &str = "
    INSERT INTO chatoxide_room_digest (room_id, seq, messages, is_whole, hash)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1) WHERE true
    ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq, messages = excluded.messages,
        is_whole = excluded.is_whole, hash = excluded.hash";

/// Stores the digests of these rooms.
pub async fn write_digests(db: &Db, digests: &[(RoomId, Digest)]) -> Result<()> {
    use crate::db::on_lease;
    match db {
        Db::Pg { pool, .. } => {
            let number = |number: fn(&Digest) -> i64| {
                digests.iter().map(|(_, digest)| number(digest)).collect::<Vec<_>>()
            };
            db.within_timeout(Box::pin(async {
                on_lease!(twice writer db pool, connection => diesel::sql_query(WRITE_PG)
                    .bind::<Array<Text>, _>(digests.iter().map(|(room_id, _)| room_id.as_str()).collect::<Vec<_>>())
                    .bind::<Array<BigInt>, _>(number(|digest| digest.seq))
                    .bind::<Array<BigInt>, _>(number(|digest| digest.messages))
                    .bind::<Array<Bool>, _>(digests.iter().map(|(_, digest)| digest.is_whole).collect::<Vec<_>>())
                    .bind::<Array<BigInt>, _>(number(|digest| digest.hash))
                    .execute(&mut *connection)
                    .await
                    .map(drop)?)
            }))
            .await
        }
        Db::Lite { .. } => {
            let rows = digests.iter().map(|(room_id, digest)| {
                json!([room_id, digest.seq, digest.messages, i64::from(digest.is_whole), digest.hash])
            });
            let rows = Value::from_iter(rows).to_string();
            on!(db.writer, c => diesel::sql_query(WRITE_LITE).bind::<Text, _>(&rows).execute(c).await.map(drop)?)
        }
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// True if a room's log is not complete from its beginning on: another program was found to have written there, or
/// entries were lost.
pub async fn has_incomplete_logs(db: &Db) -> Result<bool> {
    let prefix = if matches!(db, Db::Pg { .. }) { "chatoxide." } else { "chatoxide_" };
    let query = format!("SELECT EXISTS (SELECT 1 FROM {prefix}room_head WHERE complete_from > 0) AS found");
    let found: Found = on!(db.readers, c => RunQueryDsl::get_result(diesel::sql_query(&query), c).await?)?;
    Ok(found.found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::{message::MessageType, timestamp::Timestamp},
        protocol::{ReactionView, SenderView},
    };

    fn message(id: &str) -> MessageView {
        MessageView {
            id: id.into(),
            room_id: "room".into(),
            sender_id: "anna".into(),
            content: "text".to_owned(),
            kind: MessageType::Text,
            metadata: json!({"a": 1, "b": [-0.0, {"c": null}]}),
            reply_to: None,
            created_at: Timestamp::from_millis(1),
            updated_at: None,
            sender_name: "Anna".into(),
            sender: SenderView { name: "Anna".into() },
            reactions: Vec::new(),
            thread: None,
            thread_summary: None,
        }
    }

    fn tail(messages: &[MessageView], complete: bool) -> Tail {
        Tail { seq: 7, messages: messages.to_vec(), complete, ..Tail::default() }
    }

    #[test]
    fn a_digest_is_of_all_that_an_entry_changes_and_of_nothing_else() {
        let digest = |message: MessageView| Digest::of(7, [message].iter(), true);
        let same = MessageView {
            metadata: json!({"b": [0, {"c": null}], "a": 1.0}),
            sender_name: "Anne".into(),
            created_at: Timestamp::from_millis(2),
            ..message("m")
        };
        assert_eq!(digest(same), digest(message("m")));
        let reaction = ReactionView { emoji: "x".into(), user_id: "bob".into() };
        for other in [
            message("n"),
            MessageView { content: "Text".to_owned(), ..message("m") },
            MessageView { kind: MessageType::Image, ..message("m") },
            MessageView { metadata: json!({"a": 2, "b": [0, {"c": null}]}), ..message("m") },
            MessageView { metadata: json!({"a": 1, "b": [[0], {"c": null}]}), ..message("m") },
            MessageView { reply_to: Some("m".to_owned()), ..message("m") },
            MessageView { updated_at: Some(Timestamp::from_millis(1)), ..message("m") },
            MessageView { reactions: vec![reaction], ..message("m") },
        ] {
            assert_ne!(digest(other.clone()), digest(message("m")), "{other:?}");
        }
    }

    #[test]
    fn a_room_is_compared_as_far_as_its_messages_are_known() {
        let [m, n, o] = ["m", "n", "o"].map(message);
        let two = [n.clone(), m.clone()];
        let (part, whole) = (Digest::of(7, two.iter(), false), Digest::of(7, two.iter(), true));
        for (loaded, complete, of_part, of_whole) in [
            (vec![n.clone(), m.clone()], true, Some(true), Some(true)),
            // An older message is none of a part, but there was none in the whole.
            (vec![n.clone(), m.clone(), o.clone()], true, Some(true), Some(false)),
            (vec![n.clone(), m.clone()], false, Some(true), Some(false)),
            (vec![o.clone(), n.clone(), m], true, Some(false), Some(false)),
            (vec![n.clone()], true, Some(false), Some(false)),
            // The messages were too large to load them all.
            (vec![n], false, None, None),
        ] {
            let tail = tail(&loaded, complete);
            assert_eq!((part.is_of(&tail), whole.is_of(&tail)), (of_part, of_whole), "{loaded:?}");
        }
        assert_eq!(Digest { seq: 6, ..part }.is_of(&tail(&two, true)), None);
    }
}
