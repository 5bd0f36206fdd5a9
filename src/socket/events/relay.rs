//! Events that chatoxide does not know and `RELAY_EVENTS` names: each is relayed as it is, with its sender's id and name.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    actions::event_relay::{self, Recipient},
    app::App,
    broadcast::Encoded,
    chat::{
        Error, Result,
        id::{RoomId, UserId},
        limits::Limits,
    },
    protocol::{Nothing, event},
    socket::{attachments::Attachments, context::Context, request::Request},
};

/// True for the events that are relayed. What this server sends itself never is: clients would take it for the server's.
pub(in crate::socket) fn is_relayed(app: &App, name: &str) -> bool {
    app.config.relay_events.contains(name) && !event::is_the_servers(name)
}

/// The payload: an object that names a room or a user.
#[derive(Deserialize)]
#[serde(from = "Map<String, Value>")]
pub(in crate::socket) struct Relayed {
    recipient: Option<Recipient>,
    payload: Map<String, Value>,
}

impl From<Map<String, Value>> for Relayed {
    fn from(payload: Map<String, Value>) -> Self {
        let text = |field| payload.get(field).and_then(Value::as_str);
        // A room goes before a user: many front ends name their own user in a payload for a room. Whoever is sent a payload
        // believes its room, so one that is no text is refused.
        let recipient = match payload.get("roomId") {
            None | Some(Value::Null) => text("userId").map(|id| Recipient::User(UserId::from(id))),
            Some(room_id) => room_id.as_str().map(|id| Recipient::Room(RoomId::from(id))),
        };
        Self { recipient, payload }
    }
}

impl Request for Relayed {
    fn check(&self, limits: &Limits) -> Result<()> {
        match &self.recipient {
            Some(Recipient::Room(room_id)) => limits.ensure_id("roomId", room_id.as_str()),
            Some(Recipient::User(user_id)) => limits.ensure_id("userId", user_id.as_str()),
            None => Err(Error::BadInput("roomId or userId (text) is missing".to_owned())),
        }
    }

    fn attach(&mut self, mut attachments: Attachments) -> Result<()> {
        self.payload.values_mut().try_for_each(|value| attachments.put_into(value))
    }

    fn room_id(&self) -> Option<&RoomId> {
        match &self.recipient {
            Some(Recipient::Room(room_id)) => Some(room_id),
            _ => None,
        }
    }
}

pub(in crate::socket) async fn handle(cx: Context, request: Relayed) -> Result<Nothing> {
    let Relayed { recipient: Some(recipient), mut payload } = request else {
        return Err(Error::Internal("a relayed event without a recipient passed its check".to_owned()));
    };
    let user = &cx.session.user;
    // Whatever the payload says of them.
    payload.insert("senderId".to_owned(), user.id.as_str().into());
    payload.insert("senderName".to_owned(), user.name.as_deref().into());
    let packet = Encoded::of_client(&cx.event, &payload)
        .ok_or_else(|| Error::Internal("a relayed event could not be encoded".to_owned()))?;
    cx.app.config.limits.ensure_relayable(packet.data().get())?;
    event_relay::run(&cx.app, cx.actor(), cx.acting_socket(), &recipient, packet).await?;
    Ok(Nothing {})
}
