//! A note is a short fingerprint, in a log entry, of the message at the time of the commit. It shows later whether
//! another program has changed the message since. It stands in the entry's body, behind the fingerprint of an
//! idempotency key if there is one: `=<updatedAt in milliseconds, if any>:<hash of the content>`, and, where another
//! program's reactions may be on the message, `:<hash of its reactions>`.

use sha2::{Digest, Sha256};

use crate::protocol::{MessageView, ReactionView};

/// The number of hexadecimal digits to which a hash is truncated.
const DIGITS: usize = 16;

/// Computes [`of_message`] in PostgreSQL, from a row of "Message" as the transaction has left it. `concat` keeps the
/// blanks that pad a CHAR(n), where a cast to TEXT strips them.
macro_rules! note_sql {
    () => {
        r#"'=' || coalesce(CAST(CAST(round(extract(epoch FROM
            /*edited*/date_trunc('milliseconds', "updatedAt")) * 1000) AS BIGINT) AS TEXT), '')
            || ':' || left(encode(sha256(convert_to(concat("content"), 'UTF8')), 'hex'), 16)"#
    };
}
pub(super) use note_sql;

/// The note of a message, as SQL computes it from its row.
pub const NOTE: &str = note_sql!();

/// The body of an entry that leaves a message in this state, without a hash of its reactions.
pub(super) fn of_message(fingerprint: Option<&str>, message: &MessageView) -> String {
    let updated_at = message.updated_at.map(|at| at.millis().to_string()).unwrap_or_default();
    let hash = first_digits(&[message.content.as_bytes()]);
    format!("{}={updated_at}:{hash:0DIGITS$x}", fingerprint.unwrap_or_default())
}

/// The body of an entry for a message that another program wrote, with a hash of its reactions.
pub(super) fn of_foreign(message: &MessageView) -> String {
    format!("{}:{:0DIGITS$x}", of_message(None, message), hash_of_reactions(&message.reactions))
}

/// The fingerprint of an idempotency key at the beginning of a body.
pub(super) fn fingerprint_in(body: &str) -> Option<&str> {
    body.split('=').next().filter(|fingerprint| !fingerprint.is_empty())
}

/// Whether a message still matches the note in an entry's body, apart from its reactions; none if the body has no note.
pub fn is_as_noted(body: Option<&str>, message: &MessageView) -> Option<bool> {
    let (_, noted) = body?.split_once('=')?;
    let now = of_message(None, message);
    let now = now.strip_prefix('=')?;
    Some(noted.strip_prefix(now).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
}

/// The hash of the reactions in an entry's body, if it has one.
pub fn noted_reactions(body: Option<&str>) -> Option<u64> {
    let (_, note) = body?.split_once('=')?;
    u64::from_str_radix(note.splitn(3, ':').nth(2)?, 16).ok()
}

/// Hashes a set of reactions, whatever their order. The hashes of two disjoint sets combine by exclusive or.
pub fn hash_of_reactions(reactions: &[ReactionView]) -> u64 {
    let hash = |reaction: &ReactionView| hash_of_reaction(reaction.user_id.as_str(), &reaction.emoji);
    reactions.iter().fold(0, |all, reaction| all ^ hash(reaction))
}

pub fn hash_of_reaction(user_id: &str, emoji: &str) -> u64 {
    first_digits(&[user_id.as_bytes(), b"\0", emoji.as_bytes()])
}

fn first_digits(parts: &[&[u8]]) -> u64 {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().iter().take(DIGITS / 2).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::{message::MessageType, timestamp::Timestamp},
        protocol::SenderView,
    };

    fn message(content: &str, updated_at: Option<i64>, reactions: &[(&str, &str)]) -> MessageView {
        let reaction =
            |(user, emoji): &(&str, &str)| ReactionView { emoji: (*emoji).into(), user_id: (*user).into() };
        MessageView {
            id: "m".into(),
            room_id: "room".into(),
            sender_id: "anna".into(),
            content: content.to_owned(),
            kind: MessageType::Text,
            metadata: serde_json::Value::Null,
            reply_to: None,
            created_at: Timestamp::from_millis(1),
            updated_at: updated_at.map(Timestamp::from_millis),
            sender_name: "Anna".into(),
            sender: SenderView { name: "Anna".into() },
            reactions: reactions.iter().map(reaction).collect(),
            thread: None,
            thread_summary: None,
        }
    }

    #[test]
    fn a_note_is_of_one_content_and_one_time() {
        let noted = message("text", Some(5), &[]);
        for body in [of_message(None, &noted), of_message(Some("print"), &noted), of_foreign(&noted)] {
            let is = |content, at| is_as_noted(Some(&body), &message(content, at, &[("a", "x")]));
            assert_eq!(is("text", Some(5)), Some(true), "{body}");
            for (content, at) in [("Text", Some(5)), ("text", Some(6)), ("text", Some(51)), ("text", None)] {
                assert_eq!(is(content, at), Some(false), "{body}");
            }
        }
        assert_eq!(of_message(None, &message("abc", None, &[])), "=:ba7816bf8f01cfea");
        assert_eq!(is_as_noted(Some("print"), &noted), None);
        assert_eq!((fingerprint_in("print=5:ab"), fingerprint_in("=5:ab")), (Some("print"), None));
    }

    #[test]
    fn reactions_are_noted_whatever_their_order() {
        let noted = of_foreign(&message("text", None, &[("a", "x"), ("b", "y")]));
        let other = message("text", None, &[("b", "y"), ("a", "x")]);
        assert_eq!(noted_reactions(Some(&noted)), Some(hash_of_reactions(&other.reactions)));
        let rest = hash_of_reaction("b", "y");
        assert_eq!(hash_of_reactions(&other.reactions) ^ rest, hash_of_reaction("a", "x"));
        assert_eq!(noted_reactions(Some(&of_message(None, &other))), None);
    }
}
