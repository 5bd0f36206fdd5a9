//! Lists the messages that mention the actor, newest first, in the rooms that the actor may enter.

use super::Actor;
use crate::{
    app::App,
    chat::{Result, mention::MentionKind, message::Place},
    db::{self, mentions::InboxMention},
    protocol::{MentionSenderView, MentionView},
};

/// The most mentions of a page.
pub const MAX_MENTIONS: usize = 100;

/// A page of the inbox.
pub struct Inbox {
    pub mentions: Vec<MentionView>,
    /// The place from which the next page goes on; none at the end.
    pub before: Option<Place>,
}

/// Returns the mentions before a place. A page may be shorter than the limit, or empty, and yet not be the last one.
pub async fn run(app: &App, actor: Actor<'_>, before: &Place, limit: usize) -> Result<Inbox> {
    let user_id = actor.user_id();
    let mut found = db::mentions::list(&app.db, user_id, before, limit + 1).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let place = |last: &InboxMention| Place { at: last.at, id: last.message_id.clone() };
    let before = found.last().filter(|_| has_more).map(place);
    // By name before by membership: a message is listed once.
    found.dedup_by(|later, first| {
        let is_same = later.message_id == first.message_id;
        if is_same && first.kind == MentionKind::Room {
            first.kind = later.kind;
        }
        is_same
    });
    let rooms = found.iter().map(|mention| &mention.room_id);
    let enterable = app.access.list_enterable(user_id, rooms).await?;
    found.retain(|mention| enterable.contains(&mention.room_id));
    let ids: Vec<_> = found.iter().map(|mention| mention.message_id.clone()).collect();
    let mut excerpts = db::mentions::list_excerpts(&app.db, &ids).await?;
    // A message that another program has deleted is gone.
    let view = |mention: InboxMention| {
        let excerpt = excerpts.remove(&mention.message_id)?;
        Some(MentionView {
            message_id: mention.message_id,
            room_id: mention.room_id,
            sender: MentionSenderView { id: mention.sender_id, name: excerpt.sender_name.into() },
            kind: mention.kind.label(),
            excerpt: excerpt.text,
            at: mention.at,
            is_unread: mention.is_unread,
        })
    };
    Ok(Inbox { mentions: found.into_iter().filter_map(view).collect(), before })
}
