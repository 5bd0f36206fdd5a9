//! `message:send`: a new message. Everybody in the room hears it, the sender too, before the sender's ack.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::context::{Ask, Context};
use crate::{
    chat::{id::RoomId, limits::Limits, message::MessageType},
    db::{
        self,
        room_log::{Appended, Change, NewMessage, Told},
    },
    error::{Error, Result},
    protocol::{AnsweredMessage, NumberedMessageView},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(super) struct MessageSend {
    room_id: RoomId,
    content: String,
    #[serde(rename = "type", default, deserialize_with = "kind_or_default")]
    kind: MessageType,
    /// Absent or falsy is `{}`.
    #[serde(default)]
    metadata: Value,
    reply_to: Option<String>,
    /// The sender's own name for this message: sent again, it is the same message.
    client_id: Option<String>,
}

/// As in JavaScript: `null` and `""` are the default.
fn kind_or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MessageType, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        None => Ok(MessageType::default()),
        Some(text) if text.is_empty() => Ok(MessageType::default()),
        Some(text) => MessageType::deserialize(serde::de::value::StringDeserializer::new(text)),
    }
}

fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

impl Ask for MessageSend {
    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        limits.ensure_content(&self.content)?;
        self.kind.ensure_from_client()?;
        limits.ensure_metadata(&self.metadata)?;
        // An empty text is kept as it is, as the original does.
        if let Some(reply_to) = self.reply_to.as_deref().filter(|id| !id.is_empty()) {
            limits.ensure_id("replyTo", reply_to)?;
        }
        self.client_id.as_deref().map_or(Ok(()), |client_id| limits.ensure_client_id(client_id))
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

#[derive(Serialize)]
pub(super) struct Sent {
    message: AnsweredMessage,
}

pub(super) async fn handle(cx: Context, ask: MessageSend) -> Result<Sent> {
    cx.ensure_may_enter(&ask.room_id).await?;
    cx.session.stop_typing_if_begun(&cx.app.rooms, &cx.seat, &ask.room_id);
    let message = NewMessage {
        content: ask.content,
        kind: ask.kind,
        metadata: if is_falsy(&ask.metadata) { Value::Object(Map::new()) } else { ask.metadata },
        reply_to: ask.reply_to,
        client_id: ask.client_id,
    };
    let settled = cx.append(ask.room_id, Change::New(message)).await?;
    let message = match settled.appended {
        Appended::Entry(entry) => match (settled.told, entry.told) {
            (Some(told), _) => AnsweredMessage::Told(told),
            (None, Told::New(message)) => {
                AnsweredMessage::View(NumberedMessageView { message, seq: entry.seq })
            }
            _ => return Err(Error::Internal("a new message became another entry".to_owned())),
        },
        Appended::Repeated { message_id, seq } => {
            // As it is by now.
            let message = db::messages::find(&cx.app.db, &message_id).await?.ok_or(Error::MessageNotFound)?;
            AnsweredMessage::View(NumberedMessageView { message: Arc::new(message), seq })
        }
        Appended::ClientIdTaken => return Err(Error::Conflict("This clientId was used for another message")),
        Appended::Unchanged | Appended::NotFound => return Err(Error::RoomNotFound),
    };
    Ok(Sent { message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn falsy_metadata_and_type_are_the_defaults() {
        for falsy in [json!(null), json!(false), json!(0), json!(-0.0), json!("")] {
            assert!(is_falsy(&falsy), "{falsy}");
        }
        for kept in [json!({}), json!([]), json!("0"), json!(1), json!(true)] {
            assert!(!is_falsy(&kept), "{kept}");
        }
        for text in [r#"{"roomId":"r","content":""}"#, r#"{"roomId":"r","content":"","type":null}"#] {
            assert_eq!(serde_json::from_str::<MessageSend>(text).unwrap().kind, MessageType::Text);
        }
        assert!(serde_json::from_str::<MessageSend>(r#"{"roomId":"r","content":"","type":"poem"}"#).is_err());
    }
}
