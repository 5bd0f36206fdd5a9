//! The step that new and edited messages share: whom they mention, and telling those. Only members are mentioned, and only
//! members mention all of them.

use std::collections::HashMap;

use super::{Actor, CommittedMessage};
use crate::{
    access::RoomAccess,
    app::App,
    broadcast::{Encoded, Except, Target},
    chat::{
        Result,
        id::{MessageId, RoomId, UserId},
        mention::{self, MentionKind, Mentioned, Target as Mention},
    },
    db,
    protocol::{MentionSenderView, MentionView, event},
};

/// The most users that a message mentions by name or id.
const MAX_USERS: usize = 50;
/// The most users that an `@here` is for.
const MAX_HERE: usize = 1_000;

/// The users whom a stored message mentions; the user of the empty id stands for all members.
pub(super) type Known = HashMap<UserId, MentionKind>;

/// Reads whom the stored message mentions that is about to have this text.
pub(super) async fn list_known(app: &App, id: &MessageId, text: &str) -> Result<Known> {
    if mention::may_mention(text) {
        db::mentions::list_mentioned(&app.db, id).await
    } else {
        Ok(Known::new())
    }
}

/// Finds whom a text mentions. The actor is not mentioned by themself. `known`: whom the message mentions already. An
/// `@here` stays for those who were online when it was written.
pub(super) async fn find(
    app: &App,
    actor: &Actor<'_>,
    (room_id, room): (&RoomId, &RoomAccess),
    text: &str,
    known: &Known,
) -> Result<Mentioned> {
    let mut mentioned = Mentioned::default();
    if !mention::may_mention(text) {
        return Ok(mentioned);
    }
    let names = app.access.member_names(room_id, room).await?;
    let is_member = names.contains(actor.user_id());
    for mention in mention::find(text, names) {
        match mention.target {
            Mention::Users(ids) => {
                let new = ids.into_iter().filter(|id| id != actor.user_id() && !mentioned.users.contains(id));
                let new: Vec<UserId> = new.take(MAX_USERS - mentioned.users.len()).collect();
                mentioned.users.extend(new);
            }
            // A guest of a public room could reach all of its members.
            Mention::Here | Mention::Room if !is_member => {}
            Mention::Here if known.values().any(|kind| *kind == MentionKind::Here) => {
                let here = known.iter().filter(|(_, kind)| **kind == MentionKind::Here);
                mentioned.here = here.map(|(user_id, _)| user_id.clone()).collect();
            }
            Mention::Here if mentioned.here.is_empty() => {
                let members = app.access.list_members(room_id, room).await?.iter().map(|member| &member.id);
                mentioned.here =
                    app.online.list_connected(members.filter(|id| *id != actor.user_id()), MAX_HERE);
            }
            Mention::Here => {}
            Mention::Room => mentioned.is_room = true,
        }
    }
    Ok(mentioned)
}

/// Takes out those whom the message mentions already.
pub(super) fn without_known(mut mentioned: Mentioned, known: &Known) -> Mentioned {
    mentioned.users.retain(|user_id| !known.contains_key(user_id));
    mentioned.here.retain(|user_id| !known.contains_key(user_id));
    mentioned.is_room &= !known.contains_key("");
    mentioned
}

/// Sends `mention:new` to every device of the mentioned who are online.
pub(super) async fn push(
    app: &App,
    actor: &Actor<'_>,
    room: &RoomAccess,
    sent: &CommittedMessage,
    mentioned: &Mentioned,
) {
    let message = &sent.message;
    let members = match mentioned.is_room {
        true => app.access.list_members(&message.room_id, room).await.unwrap_or_default(),
        false => &[],
    };
    let others = members.iter().map(|member| &member.id).filter(|user_id| *user_id != actor.user_id());
    for kind in [MentionKind::User, MentionKind::Here, MentionKind::Room] {
        let users: Vec<UserId> = match kind {
            MentionKind::User => mentioned.users.clone(),
            MentionKind::Here => {
                let here = mentioned.here.iter().filter(|id| mentioned.kind_for(id) == Some(kind));
                here.cloned().collect()
            }
            MentionKind::Room => {
                let others = others.clone().filter(|id| mentioned.kind_for(id) == Some(kind));
                app.online.list_connected(others, usize::MAX)
            }
        };
        if users.is_empty() {
            continue;
        }
        let view = MentionView {
            message_id: message.id.clone(),
            room_id: message.room_id.clone(),
            sender: MentionSenderView { id: message.sender_id.clone(), name: message.sender_name.clone() },
            kind: kind.label(),
            excerpt: mention::excerpt(&message.content),
            at: message.updated_at.unwrap_or(message.created_at),
            is_unread: true,
        };
        let Some(packet) = Encoded::new(event::MENTION_NEW, &view) else { continue };
        match message.updated_at {
            None if !message.is_only_in_thread() => {
                app.rooms.note_mentions(&message.room_id, sent.seq, &users);
            }
            _ => app.rooms.recount(&message.room_id, &users),
        }
        for user_id in &users {
            app.broadcast.send(Target::User(user_id), Except::NOBODY, &packet);
        }
    }
}
