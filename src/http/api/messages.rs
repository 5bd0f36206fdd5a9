//! Messages: pages of a room's history, and single messages.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION},
    },
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::{
    PREFIX,
    caller::{Caller, ensure_single},
    input::{Path, Query, limit},
    long_body::{LongBody, ensure_fits, ensure_rest_fits},
};
use crate::{
    actions::{
        message_delete, message_edit,
        message_send::{self, InThread},
        message_show,
        messages_page::{self, Window},
    },
    app::App,
    chat::{
        Error, Result, cursor,
        id::{MessageId, RoomId},
        json,
        limits::Limits,
        mention::Mentioned,
        message::MessageType,
    },
    chunks::Subject,
    db::room_log::{ClientId, NewMessage},
    http::problem::ProblemView,
    protocol::{AnsweredMessage, Bodies, MessageView},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// A cursor: messages older than it. Only one of `before`, `after` and `around` is taken.
    before: Option<String>,
    /// A cursor: messages newer than it.
    after: Option<String>,
    /// The id of a message: it and those around it.
    #[param(min_length = 1)]
    around: Option<String>,
    /// 50 if absent or 0; at most `MAX_PAGE_SIZE`.
    #[serde(default, deserialize_with = "limit")]
    #[param(value_type = Option<usize>)]
    limit: Option<u64>,
}

impl Page {
    fn window(&self, limits: &Limits) -> Result<Window> {
        match (&self.before, &self.after, &self.around) {
            (None, None, None) => Ok(Window::Newest),
            (Some(before), None, None) => cursor::read(before).map(Window::Before),
            (None, Some(after), None) => cursor::read(after).map(Window::After),
            (None, None, Some(id)) => {
                limits.ensure_id("around", id)?;
                Ok(Window::Around(MessageId::from(id.as_str())))
            }
            _ => Err(Error::BadInput("only one of before, after and around is taken".to_owned())),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Messages {
    /// The messages, newest first.
    messages: Vec<MessageView>,
    /// The cursor for older messages; null if there are none.
    before: Option<String>,
    /// The cursor for newer messages, also for those that are sent later; null if there is no message yet.
    after: Option<String>,
    /// There are newer messages now.
    has_newer: bool,
}

/// Lists messages of a room
///
/// The newest, or those from a cursor on in either direction, or those around a message. Fewer than `limit` where they are
/// larger than 4 MiB together, but never none. The tag in `ETag` changes when the
/// answer does.
#[utoipa::path(get, path = "/rooms/{roomId}/messages", tag = "messages", operation_id = "listMessages", params(("roomId" = String, Path), Page), responses(
    (status = 200, body = Messages, headers(("ETag" = String))),
    (status = 304, description = "The answer has the tag of `If-None-Match`"),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(room_id): Path<RoomId>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Result<Response> {
    let limits = &app.config.limits;
    limits.ensure_id("roomId", room_id.as_str())?;
    let (window, limit) = (page.window(limits)?, limits.page_size(page.limit));
    let found = messages_page::run(&app, caller.actor(), &room_id, window, limit).await?;
    let place = |message: Option<&MessageView>| message.map(|message| cursor::write(&message.place()));
    // A page that is empty goes on where it was asked to begin.
    let (newest, oldest) = (place(found.messages.first()), place(found.messages.last()));
    let answer = Messages {
        before: if found.has_older { oldest.or_else(|| page.after.clone()) } else { None },
        after: newest.or(page.after).or(page.before),
        has_newer: found.has_newer,
        messages: found.messages,
    };
    tagged(&answer, &headers)
}

/// Shows a message
#[utoipa::path(get, path = "/messages/{messageId}", tag = "messages", operation_id = "showMessage", params(("messageId" = String, Path)), responses(
    (status = 200, body = MessageView, headers(("ETag" = String))),
    (status = 304, description = "The answer has the tag of `If-None-Match`"),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(message_id): Path<MessageId>,
    headers: HeaderMap,
) -> Result<Response> {
    app.config.limits.ensure_id("messageId", message_id.as_str())?;
    tagged(&message_show::run(&app, caller.actor(), &message_id).await?, &headers)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", expecting = "an object")]
#[schema(as = NewMessage)]
pub(super) struct NewMessageBody {
    content: String,
    /// `text` if absent; `image`, `file`, or one of `MESSAGE_TYPES`.
    #[serde(rename = "type", default)]
    #[schema(value_type = Option<String>)]
    kind: Option<MessageType>,
    /// Any JSON; `{}` if absent.
    #[serde(default, deserialize_with = "json::deserialize")]
    metadata: Value,
    /// The id of the message that this one answers.
    #[schema(min_length = 1)]
    reply_to: Option<String>,
    /// The id of the message on which a thread hangs, or of a reply in it: the message is a reply in that thread.
    #[schema(value_type = Option<String>, min_length = 1)]
    thread_id: Option<MessageId>,
    /// A reply in a thread is shown in the room, too.
    also_to_room: Option<bool>,
}

/// A message, and the position of its change in the room's log.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedMessage {
    #[schema(value_type = MessageView)]
    message: AnsweredMessage,
}

/// Sends a message
///
/// It is broadcast to the room. The content may have as many bytes as `MAX_LONG_MESSAGE_SIZE` allows.
/// With `Idempotency-Key`, text of up to 64 bytes, it is the same message however often it is sent; it is the
/// `clientId` of Socket.IO. Another message under the same key is refused.
#[utoipa::path(post, path = "/rooms/{roomId}/messages", tag = "messages", operation_id = "sendMessage", request_body = NewMessageBody,
    params(("roomId" = String, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 64)), responses(
    (status = 201, body = ChangedMessage, headers(("Location" = String))),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn send(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(room_id): Path<RoomId>,
    headers: HeaderMap,
    body: LongBody,
) -> Result<Response> {
    let limits = &app.config.limits;
    limits.ensure_id("roomId", room_id.as_str())?;
    let client_id = idempotency_key(&headers, limits)?;
    let key = client_id.as_ref().map(|client_id| client_id.text.clone());
    let subject = Subject::New { room_id: room_id.clone(), client_id: key };
    let (body, is_long): (NewMessageBody, bool) = body.read(&app, &caller, &subject).await?;
    ensure_fits(&app, &body.content)?;
    let kind = app.db.facts().columns().message_type.read_as_spelled(body.kind.unwrap_or_default());
    limits.ensure_message_type(&kind)?;
    let metadata = if body.metadata.is_null() { Value::Object(Map::new()) } else { body.metadata };
    limits.ensure_metadata(&metadata)?;
    if is_long {
        ensure_rest_fits(&app, &metadata)?;
    }
    if let Some(reply_to) = &body.reply_to {
        limits.ensure_id("replyTo", reply_to)?;
    }
    if let Some(thread_id) = &body.thread_id {
        limits.ensure_id("threadId", thread_id.as_str())?;
    }
    let also_to_room = body.also_to_room.unwrap_or_default();
    let thread = body.thread_id.map(|id| InThread { id, also_to_room });
    let message = NewMessage {
        content: body.content,
        kind,
        metadata,
        reply_to: body.reply_to,
        client_id,
        mentioned: Mentioned::default(),
        thread: None,
    };
    let sent = message_send::run(&app, caller.actor(), room_id, message, thread).await?;
    let location = HeaderValue::try_from(format!("{PREFIX}/messages/{}", sent.message.id));
    let mut response =
        (StatusCode::CREATED, Json(ChangedMessage { message: sent.answer(Bodies::Whole) })).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

#[derive(Deserialize, ToSchema)]
#[serde(expecting = "an object")]
pub(super) struct EditedMessage {
    content: String,
}

/// Replaces the content of the caller's message
///
/// It may have as many bytes as `MAX_LONG_MESSAGE_SIZE` allows.
#[utoipa::path(patch, path = "/messages/{messageId}", tag = "messages", operation_id = "editMessage", request_body = EditedMessage,
    params(("messageId" = String, Path)), responses(
    (status = 200, body = ChangedMessage),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn edit(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(message_id): Path<MessageId>,
    body: LongBody,
) -> Result<Json<ChangedMessage>> {
    app.config.limits.ensure_id("messageId", message_id.as_str())?;
    let subject = Subject::Edit(message_id.clone());
    let (EditedMessage { content }, _) = body.read(&app, &caller, &subject).await?;
    ensure_fits(&app, &content)?;
    let edited = message_edit::run(&app, caller.actor(), message_id, content).await?;
    Ok(Json(ChangedMessage { message: edited.answer(Bodies::Whole) }))
}

/// Deletes the caller's message, with its reactions
#[utoipa::path(delete, path = "/messages/{messageId}", tag = "messages", operation_id = "deleteMessage", params(("messageId" = String, Path)), responses(
    (status = 204),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(message_id): Path<MessageId>,
) -> Result<StatusCode> {
    app.config.limits.ensure_id("messageId", message_id.as_str())?;
    message_delete::run(&app, caller.actor(), message_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn idempotency_key(headers: &HeaderMap, limits: &Limits) -> Result<Option<ClientId>> {
    ensure_single(headers, &IDEMPOTENCY_KEY)?;
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let invalid = |_| Error::BadInput("Idempotency-Key: expected a text of ASCII".to_owned());
    let text = value.to_str().map_err(invalid)?;
    if limits.ensure_client_id(text).is_err() {
        let most = limits.client_id_bytes;
        return Err(Error::BadInput(format!("Idempotency-Key: expected a text of 1 to {most} bytes")));
    }
    Ok(Some(ClientId { text: text.to_owned(), refuses_others: true }))
}

/// The answer with its tag, or 304 if the caller has it.
fn tagged(answer: &impl Serialize, headers: &HeaderMap) -> Result<Response> {
    let body = serde_json::to_vec(answer).map_err(|error| Error::Internal(error.to_string()))?;
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let has_it = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|known| known.split(',').any(|known| known.trim() == tag || known.trim() == "*"));
    let tag = [(ETAG, tag)];
    Ok(match has_it {
        true => (StatusCode::NOT_MODIFIED, tag).into_response(),
        false => (tag, [(CONTENT_TYPE, "application/json")], Bytes::from(body)).into_response(),
    })
}
