//! `message:send`: sends a new message. It is broadcast to everybody in the room, the sender too, before the sender's
//! ack.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

use crate::{
    actions::message_send::{self, InThread},
    chat::{
        Error, Result,
        id::{MessageId, RoomId},
        json,
        limits::Limits,
        mention::Mentioned,
        message::MessageType,
    },
    chunks::{Chunk, Heading, Subject},
    db::room_log::{ClientId, NewMessage},
    socket::{
        attachments::Attachments,
        chunk::{self, Answer, Assembled},
        context::Context,
        request::Request,
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub(in crate::socket) struct MessageSend {
    room_id: RoomId,
    content: String,
    #[serde(rename = "type", default, deserialize_with = "kind_or_default")]
    #[schemars(with = "Option<String>")]
    kind: MessageType,
    /// Absent or falsy is `{}`.
    #[serde(default, deserialize_with = "json::deserialize")]
    metadata: Value,
    reply_to: Option<String>,
    /// The root of the thread that the message answers in.
    thread_id: Option<MessageId>,
    /// The room shows the reply of a thread, too.
    also_to_room: Option<bool>,
    /// The sender's idempotency key for this message: if it is sent again, it is the same message. Some clients use the
    /// field for something else.
    #[serde(default)]
    client_id: Value,
    /// The content is a chunk of a long message, and this its place. The type, the metadata and the answered message are those
    /// beside the first chunk. Some clients use the field for something else.
    #[serde(default)]
    #[schemars(with = "Option<Chunk>")]
    chunk: Value,
}

/// As in JavaScript, a falsy type is the default.
fn kind_or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MessageType, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if is_falsy(&value) {
        Ok(MessageType::default())
    } else {
        String::deserialize(value).map(|label| MessageType::from_exact(&label)).map_err(D::Error::custom)
    }
}

/// The client id as an idempotency key. A client that says that it knows this meaning gets an error if the id is
/// invalid.
fn client_id(value: Value, knows_meaning: bool, limits: &Limits) -> Result<Option<ClientId>> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => limits.ensure_client_id(&text).map(|()| text),
        _ => Err(Error::BadInput("clientId: expected a text".to_owned())),
    };
    match text {
        Ok(text) => Ok(Some(ClientId { text, refuses_others: knows_meaning })),
        Err(error) if knows_meaning => Err(error),
        Err(_) => Ok(None),
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

/// The fields that are not extra.
const KNOWN_FIELDS: [&str; 9] =
    ["roomId", "content", "type", "metadata", "replyTo", "threadId", "alsoToRoom", "clientId", "chunk"];

impl Request for MessageSend {
    const KEEPS_EXTRA_FIELDS: bool = true;

    /// Adds them to the metadata, whose own fields stay as they are.
    fn keep_extra_fields(&mut self, mut fields: Map<String, Value>) -> Result<()> {
        fields.retain(|name, _| !KNOWN_FIELDS.contains(&name.as_str()));
        if fields.is_empty() {
            return Ok(());
        }
        if is_falsy(&self.metadata) {
            self.metadata = Value::Object(Map::new());
        }
        let Value::Object(metadata) = &mut self.metadata else {
            let text =
                "metadata: expected an object, to which this server adds the fields that it does not know";
            return Err(Error::BadInput(text.to_owned()));
        };
        for (name, value) in fields {
            metadata.entry(name).or_insert(value);
        }
        Ok(())
    }

    fn check(&self, limits: &Limits) -> Result<()> {
        limits.ensure_id("roomId", self.room_id.as_str())?;
        limits.ensure_content(&self.content)?;
        limits.ensure_metadata(&self.metadata)?;
        if let Some(thread_id) = &self.thread_id {
            limits.ensure_id("threadId", thread_id.as_str())?;
        }
        // An empty content is stored as it is, as the original does.
        match self.reply_to.as_deref().filter(|id| !id.is_empty()) {
            Some(reply_to) => limits.ensure_id("replyTo", reply_to),
            None => Ok(()),
        }
    }

    fn attach(&mut self, mut attachments: Attachments) -> Result<()> {
        attachments.put_into(&mut self.metadata)
    }

    fn room_id(&self) -> Option<&RoomId> {
        Some(&self.room_id)
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: MessageSend) -> Result<Answer> {
    let (room_id, limits) = (request.room_id, &cx.app.config.limits);
    let knows_additions = cx.session.knows_additions;
    let kind = cx.app.db.facts().columns().message_type.read_as_spelled(request.kind);
    limits.ensure_message_type(&kind)?;
    let metadata = if is_falsy(&request.metadata) { Value::Object(Map::new()) } else { request.metadata };
    let mut client_id = client_id(request.client_id, knows_additions, limits)?;
    let mut heading = Heading {
        kind,
        metadata,
        reply_to: request.reply_to,
        thread_id: request.thread_id,
        also_to_room: request.also_to_room.unwrap_or_default(),
    };
    let mut content = request.content;
    if let Some(chunk) = chunk::read(&request.chunk, knows_additions, limits)? {
        // The chunks of a message are sent again as a whole, so their id is as good a key.
        let id = chunk.id.clone();
        let key =
            client_id.get_or_insert(ClientId { text: id, refuses_others: knows_additions }).text.clone();
        let subject = Subject::New { room_id: room_id.clone(), client_id: Some(key) };
        match chunk::assemble(&cx, chunk, subject, (content, Some(heading))).await? {
            Assembled::Missing(chunk) => return Ok(Answer::Chunk { chunk }),
            Assembled::Whole(whole, first) => {
                content = whole;
                heading = first.unwrap_or_default();
            }
        }
    }
    let Heading { kind, metadata, reply_to, thread_id, also_to_room } = heading;
    let thread = thread_id.map(|id| InThread { id, also_to_room });
    let mentioned = Mentioned::default();
    let message = NewMessage { content, kind, metadata, reply_to, client_id, mentioned, thread: None };
    let sent = message_send::run(&cx.app, cx.actor(), room_id, message, thread).await?;
    Ok(Answer::Message { message: sent.answer(cx.socket.bodies()) })
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
        for kind in ["null", "false", "0", r#""""#, r#""text""#] {
            let text = format!(r#"{{"roomId":"r","content":"","type":{kind}}}"#);
            assert_eq!(serde_json::from_str::<MessageSend>(&text).unwrap().kind, MessageType::Text, "{kind}");
        }
    }
}
