//! A message in the form in which the original writes it into its list in Redis.

use serde::Serialize;
use serde_json::{Value, value::RawValue};

use crate::{
    chat::{
        id::{MessageId, RoomId, UserId},
        message::MessageType,
        timestamp::Timestamp,
    },
    protocol::MessageView,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedMessage<'a> {
    id: &'a MessageId,
    room_id: &'a RoomId,
    sender_id: &'a UserId,
    content: &'a str,
    #[serde(rename = "type")]
    kind: &'a MessageType,
    metadata: &'a Value,
    reply_to: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
    sender_name: &'a str,
}

/// Encodes the message as JSON. `told` is the message as it was broadcast, if at hand; reusing it saves a second
/// encoding.
pub(super) fn listed(message: &MessageView, told: Option<&RawValue>) -> serde_json::Result<String> {
    if let Some(listed) = told.and_then(beginning_of) {
        return Ok(listed);
    }
    serde_json::to_string(&ListedMessage {
        id: &message.id,
        room_id: &message.room_id,
        sender_id: &message.sender_id,
        content: &message.content,
        kind: &message.kind,
        metadata: &message.metadata,
        reply_to: message.reply_to.as_deref(),
        created_at: message.created_at,
        updated_at: message.updated_at,
        sender_name: &message.sender_name,
    })
}

/// Cuts the listed form out of a broadcast message, which begins with it.
fn beginning_of(told: &RawValue) -> Option<String> {
    // The last match is the right one: the JSON after it holds no such text, since quotes inside strings are escaped.
    let (listed, _) = told.get().rsplit_once(r#","sender":{"#)?;
    Some(format!("{listed}}}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{json, value::to_raw_value};

    use super::*;
    use crate::protocol::{NumberedMessageView, ReactionView, SenderView};

    #[test]
    fn the_broadcast_message_begins_with_the_listed_one() {
        let name: Arc<str> = r#"A","sender":{"name":"B"},"x":"#.into();
        let message = MessageView {
            id: "m".into(),
            room_id: "r".into(),
            sender_id: "u".into(),
            content: format!("{name}\\"),
            kind: MessageType::Text,
            metadata: json!({"a": 1, "sender": {"name": "C"}}),
            reply_to: Some(name.to_string()),
            created_at: Timestamp::from_millis(1),
            updated_at: None,
            sender_name: name.clone(),
            sender: SenderView { name: name.clone() },
            reactions: vec![ReactionView { emoji: name, user_id: "u".into() }],
            thread: None,
            thread_summary: None,
        };
        let told = to_raw_value(&NumberedMessageView { message: &message, seq: 7, root: None }).unwrap();
        assert_eq!(beginning_of(&told).unwrap(), listed(&message, None).unwrap());
        assert_eq!(listed(&message, Some(&told)).unwrap(), listed(&message, None).unwrap());
        assert_eq!(beginning_of(RawValue::NULL), None);
    }
}
