//! The description of the events, as AsyncAPI 3: for programs that generate clients or check payloads. Their payloads are
//! described by the types that decode and encode them.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{context::Context, request::Request};
use crate::{
    chat::Result,
    protocol::{
        DmStartedView, DoneView, ExcerptView, MemberLeftView, MentionReadView, MentionView,
        MessageDeletedView, MessageDeliveredView, NumberedMessageView, PresenceUpdateView,
        ReactionChangedView, RefusedView, RoomActivityView, RoomErrorView, RoomHistoryView, RoomInvitedView,
        RoomMembersView, RoomUnreadView, RoomUpdatedView, RoomUserJoinedView, RoomUserReadView, RoomUserView,
        ThreadUnreadView, TypingUserView, UsersPresenceView, event,
    },
};

fn describe_server_events(builder: &mut Builder) {
    builder.server_event::<RoomHistoryView>(
        event::ROOM_HISTORY,
        "The newest messages of a room that was joined",
    );
    builder.server_event::<RoomMembersView>(event::ROOM_MEMBERS, "The members of a room");
    builder.server_event::<RoomUserJoinedView>(event::ROOM_USER_JOINED, "A user has joined a room");
    builder.server_event::<RoomUserView>(event::ROOM_USER_LEFT, "A user has left a room");
    builder.server_event::<RoomUserReadView>(event::ROOM_USER_READ, "A user has read a room");
    builder.server_event::<RoomErrorView>(event::ROOM_ERROR, "An event was refused");
    builder.server_event::<RoomActivityView>(event::ROOM_ACTIVITY, "There are new messages in another room");
    builder.server_event::<RoomUnreadView>(event::ROOM_UNREAD, "An unread count has changed");
    builder.server_event::<RoomInvitedView>(event::ROOM_INVITED, "The user has become a member of a room");
    builder.server_event::<NumberedMessageView<ExcerptView>>(event::MESSAGE_NEW, "A new message");
    builder.server_event::<NumberedMessageView<ExcerptView>>(event::MESSAGE_UPDATED, "A message was edited");
    builder.server_event::<MessageDeletedView>(event::MESSAGE_DELETED, "A message was deleted");
    builder.server_event::<MessageDeliveredView>(event::MESSAGE_DELIVERED, "Messages have reached a user");
    builder.server_event::<ReactionChangedView>(event::REACTION_ADDED, "A reaction was added");
    builder.server_event::<ReactionChangedView>(event::REACTION_REMOVED, "A reaction was removed");
    builder.server_event::<TypingUserView>(event::TYPING_USER, "A user is typing");
    builder.server_event::<RoomUserView>(event::TYPING_STOPPED, "A user has stopped typing");
    builder.server_event::<DmStartedView>(event::DM_STARTED, "Another user has begun a direct room");
    builder.server_event::<RoomUpdatedView>(event::ROOM_UPDATED, "A room has another name or topic");
    builder.server_event::<MemberLeftView>(event::MEMBER_LEFT, "The user is no longer a member of a room");
    builder.server_event::<UsersPresenceView>(event::USERS_PRESENCE, "Watched users have come or gone");
    builder.server_event::<ThreadUnreadView>(event::THREAD_UNREAD, "An unread count of a thread has changed");
    builder.server_event::<PresenceUpdateView>(event::PRESENCE_UPDATE, "Watched users' presence has changed");
    builder.server_event::<MentionView>(event::MENTION_NEW, "A message mentions the user");
    builder.server_event::<MentionReadView>(event::MENTION_READ, "The user has read their mentions");
}

/// Collects the parts of the description.
pub(super) struct Builder {
    /// Describes what is decoded.
    received: SchemaGenerator,
    /// Describes what is encoded.
    sent: SchemaGenerator,
    messages: Map<String, Value>,
    operations: Map<String, Value>,
}

impl Builder {
    pub(super) fn new() -> Self {
        let settings = || {
            let mut settings = SchemaSettings::draft07();
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings
        };
        let mut builder = Self {
            received: settings().for_deserialize().into_generator(),
            sent: settings().for_serialize().into_generator(),
            messages: Map::new(),
            operations: Map::new(),
        };
        let payload = RefusedView::json_schema(&mut builder.sent).to_value();
        builder.messages.insert("refused".into(), message("The ack of a refused event", payload));
        builder
    }

    /// Describes an event by its handler: the handler's argument is the payload, and its answer is in the ack.
    pub(super) fn client_event<R, V, F, Fut>(&mut self, event: &str, summary: &str, _handle: F)
    where
        R: Request + JsonSchema,
        V: Serialize + JsonSchema,
        F: FnOnce(Context, R) -> Fut,
        Fut: Future<Output = Result<V>>,
    {
        let key = key_of(event);
        let (request, ack) = (format!("client.{key}"), format!("ack.{key}"));
        let payload = R::json_schema(&mut self.received).to_value();
        self.messages.insert(request.clone(), message(event, payload));
        let payload = DoneView::<V>::json_schema(&mut self.sent).to_value();
        self.messages.insert(ack.clone(), message(&format!("The ack of {event}"), payload));
        let operation = json!({
            "action": "receive",
            "title": event,
            "summary": summary,
            "channel": { "$ref": "#/channels/chat" },
            "messages": [of_channel(&request)],
            "reply": {
                "channel": { "$ref": "#/channels/chat" },
                "messages": [of_channel(&ack), of_channel("refused")],
            },
        });
        self.operations.insert(request, operation);
    }

    fn server_event<T: JsonSchema>(&mut self, event: &str, summary: &str) {
        let key = format!("server.{}", key_of(event));
        let payload = T::json_schema(&mut self.sent).to_value();
        self.messages.insert(key.clone(), message(event, payload));
        let operation = json!({
            "action": "send",
            "title": event,
            "summary": summary,
            "channel": { "$ref": "#/channels/chat" },
            "messages": [of_channel(&key)],
        });
        self.operations.insert(key, operation);
    }

    /// The description of the events of clients that were added, and of the server's.
    pub(super) fn finish(mut self) -> Value {
        describe_server_events(&mut self);
        let of_channel: Map<String, Value> = self
            .messages
            .keys()
            .map(|key| (key.clone(), json!({ "$ref": format!("#/components/messages/{key}") })))
            .collect();
        let mut schemas = self.sent.take_definitions(true);
        schemas.append(&mut self.received.take_definitions(true));
        json!({
            "asyncapi": "3.0.0",
            "info": {
                "title": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "description": "The events of the chat, over Socket.IO 4. Each is one Socket.IO event with one argument; \
                    the reply of an operation is the ack. docs/protocol.md says what they mean.",
                "license": { "name": env!("CARGO_PKG_LICENSE") },
            },
            "defaultContentType": "application/json",
            "channels": {
                "chat": {
                    "address": "/",
                    "title": "The namespace of the chat",
                    "messages": of_channel,
                },
            },
            "operations": self.operations,
            "components": { "messages": self.messages, "schemas": schemas },
        })
    }
}

/// The key of an event, in which AsyncAPI allows no colon.
fn key_of(event: &str) -> String {
    event.replace(':', ".")
}

fn message(name: &str, payload: Value) -> Value {
    json!({ "name": name, "payload": payload })
}

fn of_channel(key: &str) -> Value {
    json!({ "$ref": format!("#/channels/chat/messages/{key}") })
}
