//! Lets a team's endpoint handle an event that chatoxide does not know, and sends the events of its answer.

use serde_json::value::RawValue;

use super::Actor;
use crate::{
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{
        Result,
        id::{RoomId, UserId},
        room::PERSONAL_CHANNEL,
    },
    protocol::event,
    webhook::{Emitted, Webhook},
};

/// Returns the ack, if the endpoint says one.
pub async fn run(
    app: &App,
    webhook: &Webhook,
    actor: Actor<'_>,
    event: &str,
    args: &[Box<RawValue>],
) -> Result<Option<Box<RawValue>>> {
    let answer = webhook.post(actor.user, event, args).await?;
    for emitted in answer.emit {
        emit(app, emitted);
    }
    Ok(answer.ack)
}

fn emit(app: &App, Emitted { to, event, args }: Emitted) {
    // Clients would take it for the server's, which it would contradict.
    if event::is_the_servers(&event) {
        return tracing::warn!(%event, "EVENT_WEBHOOK sent an event that only this server sends: left out");
    }
    let packet = Encoded::of_team(event, args);
    match to.strip_prefix(PERSONAL_CHANNEL) {
        Some(user_id) => {
            app.broadcast.send(Target::User(&UserId::from(user_id)), Except::NOBODY, &packet);
        }
        None => app.rooms.push_notice(&RoomId::from(to), Some(packet)),
    }
}
