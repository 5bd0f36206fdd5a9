//! Telling sockets: of committed entries, each once and in order, and of users who come and go.

use std::{sync::Arc, time::Duration};

use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::{
    Rooms,
    live::LiveRoom,
    lock,
    presence::News,
    seat,
    slot::{Slot, State},
};
use crate::{
    chat::{id::RoomId, room::personal_channel},
    db::{
        self,
        room_log::{Entry, Told},
    },
    protocol::{
        MessageDeletedView, NumberedMessageView, ReactionChangedView, RoomUserJoinedView, RoomUserView,
        Telling, event,
    },
};

/// Between two looks whether news that waits may be told.
const TICK: Duration = Duration::from_millis(100);

/// The event that tells of an entry, and its argument; none if there is nothing to tell any more.
pub fn telling(entry: &Entry) -> Option<(&'static str, Telling<'_>)> {
    let (room_id, seq) = (&entry.room_id, entry.seq);
    Some(match &entry.told {
        Told::New(message) => (event::MESSAGE_NEW, Telling::Message(NumberedMessageView { message, seq })),
        Told::Updated(message) => {
            (event::MESSAGE_UPDATED, Telling::Message(NumberedMessageView { message, seq }))
        }
        Told::Deleted(message_id) => {
            (event::MESSAGE_DELETED, Telling::Deleted(MessageDeletedView { message_id, room_id, seq }))
        }
        Told::ReactionAdded { message_id, reaction } | Told::ReactionRemoved { message_id, reaction } => {
            let name = match &entry.told {
                Told::ReactionAdded { .. } => event::REACTION_ADDED,
                _ => event::REACTION_REMOVED,
            };
            let (user_id, emoji) = (&reaction.user_id, reaction.emoji.as_ref());
            (name, Telling::Reaction(ReactionChangedView { message_id, room_id, user_id, emoji, seq }))
        }
        Told::Gone => return None,
    })
}

impl Rooms {
    /// What follows a commit: the live room, those who look at their list of rooms, the other programs that read our
    /// Redis.
    /// Returns what was told here, if anything.
    pub(super) async fn committed(&self, entry: &Entry) -> Option<Box<RawValue>> {
        let told = self.apply(entry).await;
        self.activity.note(entry);
        self.node_keys.note_entry(entry, told.as_deref());
        told
    }

    /// Takes a committed entry into its live room, and everybody in it here is told. An entry that was taken before is ignored;
    /// if some are missing before it, they are fetched and told first. The writer's come in the order of commits.
    async fn apply(&self, entry: &Entry) -> Option<Box<RawValue>> {
        let slot = lock(&self.slots).get(&entry.room_id).cloned()?;
        let (hole_after, is_doubtful) = match &mut *lock(&slot.state) {
            State::Loading(missed) => {
                missed.push(entry.clone());
                return None;
            }
            State::Live(live) => (live.hole_before(entry), live.is_doubtful(entry)),
            State::Closed => return None,
        };
        if is_doubtful {
            self.verify(&entry.room_id, &slot).await.unwrap_or_else(|error| error.log());
            return None;
        }
        if let Some(after) = hole_after {
            match db::room_log::list_between(&self.db, &entry.room_id, after, entry.seq).await {
                Ok(missing) => missing.iter().for_each(|entry| {
                    self.apply_next(&slot, entry);
                }),
                // Not told out of order: the next entry asks again.
                Err(error) => {
                    tracing::warn!(room = %entry.room_id, after, until = entry.seq, %error, "entries could not be fetched");
                    return None;
                }
            }
        }
        self.apply_next(&slot, entry)
    }

    pub(super) fn apply_next(&self, slot: &Arc<Slot>, entry: &Entry) -> Option<Box<RawValue>> {
        let mut state = lock(&slot.state);
        let State::Live(live) = &mut *state else { return None };
        if live.apply(entry) { self.tell(slot, live, entry) } else { None }
    }

    fn tell(&self, slot: &Arc<Slot>, live: &mut LiveRoom, entry: &Entry) -> Option<Box<RawValue>> {
        let (event, view) = telling(entry)?;
        self.tell_gathered_news(&entry.room_id, live);
        if !live.ephemeral.waiting().is_empty() {
            self.tell_waiting(&entry.room_id, live);
        }
        match serde_json::value::to_raw_value(&view) {
            Ok(encoded) => {
                self.tell_entry(slot, live, entry, (event, &encoded));
                Some(encoded)
            }
            Err(error) => {
                // Views are plain data, so this cannot be; who is shown the room anew has it then.
                tracing::error!(%error, "an entry could not be encoded");
                None
            }
        }
    }

    /// Tells the others of users who came or went, if that is due. The caller holds the room's lock, and has told what waited
    /// before. News that has to wait is told by a task.
    pub(super) fn announce(&self, room_id: &RoomId, slot: &Arc<Slot>, live: &mut LiveRoom, is_due: bool) {
        if is_due {
            self.tell_gathered_news(room_id, live);
        }
        if live.presence.wants_to_be_awaited() {
            live.presence.is_awaited = true;
            let (this, slot, room_id) = (self.this.clone(), Arc::clone(slot), room_id.clone());
            tokio::spawn(async move {
                loop {
                    sleep(TICK).await;
                    let Some(this) = this.upgrade() else { return };
                    if !this.tell_due(&room_id, &slot) {
                        return;
                    }
                }
            });
        }
    }

    /// True if there is more to come.
    fn tell_due(&self, room_id: &RoomId, slot: &Slot) -> bool {
        let mut state = lock(&slot.state);
        let State::Live(live) = &mut *state else { return false };
        let news = live.presence.due(Instant::now());
        self.tell_waiting(room_id, live);
        self.tell_news(room_id, &news);
        live.presence.is_awaited
    }

    /// Tells who came and went until now, before what follows is told, or waits to be. The caller holds the room's lock.
    pub(super) fn tell_gathered_news(&self, room_id: &RoomId, live: &mut LiveRoom) {
        self.tell_news(room_id, &live.presence.take());
    }

    /// Each piece is told to those who were here then, but not to the user's own sockets.
    pub(super) fn tell_news(&self, room_id: &RoomId, news: &[News]) {
        let channel = room_id.as_str();
        for (position, piece) in news.iter().enumerate() {
            let later = news.iter().skip(position + 1).filter_map(|later| match later {
                News::Joined(user) => Some(&user.id),
                News::Left(_) => None,
            });
            let absent = std::iter::once(piece.user_id()).chain(later);
            let but: Vec<String> = absent.map(|user_id| personal_channel(user_id.as_str())).collect();
            match piece {
                News::Joined(user) => {
                    let view = RoomUserJoinedView { room_id, user };
                    seat::emit_to_all_but(&self.io, channel, &but, event::ROOM_USER_JOINED, &view);
                }
                News::Left(user_id) => {
                    let view = RoomUserView { room_id, user_id };
                    seat::emit_to_all_but(&self.io, channel, &but, event::ROOM_USER_LEFT, &view);
                }
            }
        }
    }
}
