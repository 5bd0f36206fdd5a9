//! Events that neither chatoxide nor `RELAY_EVENTS` knows, where `EVENT_WEBHOOK` names the endpoint that handles them.

use serde_json::value::RawValue;

use crate::{
    actions::event_post,
    app::App,
    chat::{Error, Result},
    protocol::Nothing,
    socket::{context::Context, dispatch::encode, payload::Packet},
};

/// The longest name of an event that is posted, in bytes.
const MAX_NAME: usize = 128;

/// True for the events that are posted.
pub(in crate::socket) fn is_posted(app: &App, name: &str) -> bool {
    app.webhook.is_some() && name.len() <= MAX_NAME
}

/// Returns the ack.
pub(in crate::socket) async fn handle(cx: Context, packet: Packet) -> Result<Box<RawValue>> {
    let Some(webhook) = &cx.app.webhook else {
        return Err(Error::Internal("an event was routed to a webhook that is not set".to_owned()));
    };
    let args = packet.into_arguments()?;
    match event_post::run(&cx.app, webhook, cx.actor(), &cx.event, &args).await? {
        Some(ack) => Ok(ack),
        None => encode(Nothing {}),
    }
}
