//! `room`: changes a room's name, its topic or both. The entry is about no message; its body is JSON with the name and the
//! topic that the room has from then on.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ChangeKind, Effect, EntryBody, EntryKind, EntryRow, Kind, Turn};
use crate::{
    chat::{
        Result,
        id::{MessageId, RoomId, UserId},
    },
    db::{
        facts::Facts,
        room_log::{
            Append, Appended,
            rows::{Needs, Rows},
        },
    },
    protocol::{EntryView, MessageView, RoomUpdatedView, event},
};

pub(super) const KIND: Kind = Kind {
    name: "room",
    has_message: false,
    is_about_message: false,
    read: |entry, _| match serde_json::from_str(entry.body.as_deref().unwrap_or_default()) {
        Ok(Body { name, topic }) => {
            EntryBody::RoomUpdated(RoomUpdated { name, topic, by: entry.actor_id.as_str().into() })
        }
        // A newer server may write more, or otherwise.
        Err(_) => EntryBody::Tombstone,
    },
};

/// The entry's body.
#[derive(Serialize, Deserialize)]
struct Body {
    name: Arc<str>,
    topic: Option<Arc<str>>,
}

/// A change of what a room is called. None: it stays.
#[derive(Clone, Debug)]
pub struct UpdateRoom {
    pub name: Option<Arc<str>>,
    /// The new topic; none in it takes the topic away.
    pub topic: Option<Option<Arc<str>>>,
}

impl UpdateRoom {
    /// A name and a topic as a client sends them: blanks around them are dropped, and an empty topic is none.
    pub fn new(name: Option<&str>, topic: Option<Option<String>>) -> Self {
        let text = |topic: String| Some(topic.trim()).filter(|topic| !topic.is_empty()).map(Arc::from);
        Self { name: name.map(|name| name.trim().into()), topic: topic.map(|topic| topic.and_then(text)) }
    }
}

impl ChangeKind for UpdateRoom {
    fn size(&self) -> usize {
        let topic = self.topic.iter().flatten();
        self.name.iter().chain(topic).map(|text| text.len()).sum()
    }

    fn ensure_fits(&self, _: &Append, facts: &Facts) -> Result<()> {
        self.name.as_deref().map_or(Ok(()), |name| facts.ensure_fits("Room", "name", name))
    }

    fn list_needs(&self, append: &Append, needs: &mut Needs) {
        needs.rooms.add(&append.room_id);
    }

    fn make(&self, append: &Append, rows: &mut Rows, turn: &Turn) -> Result<EntryBody, Appended> {
        let room = rows.rooms.find_mut(&append.room_id).ok_or(Appended::NotFound)?;
        let is_renamed = self.name.as_ref().is_some_and(|name| room.rename(name, turn.now));
        let is_described = self.topic.as_ref().is_some_and(|topic| room.describe(topic.as_ref()));
        if !is_renamed && !is_described {
            return Err(Appended::Unchanged);
        }
        let (name, topic) = (room.name().clone(), room.topic().cloned());
        Ok(EntryBody::RoomUpdated(RoomUpdated { name, topic, by: append.actor_id.clone() }))
    }
}

/// A room's name and topic after a change.
#[derive(Clone, Debug)]
pub struct RoomUpdated {
    pub name: Arc<str>,
    pub topic: Option<Arc<str>>,
    pub by: UserId,
}

impl EntryKind for RoomUpdated {
    fn message_id(&self) -> Option<&MessageId> {
        None
    }

    fn event<'a>(&'a self, room_id: &'a RoomId, seq: i64) -> (&'static str, EntryView<'a>) {
        let (name, topic) = (&*self.name, self.topic.as_deref());
        let view = RoomUpdatedView { room_id, name, topic, by: &self.by, seq };
        (event::ROOM_UPDATED, EntryView::Room(view))
    }

    fn effect(&self) -> Effect<'_> {
        Effect::None
    }

    fn row(&self, _: &dyn Fn(&MessageView) -> String) -> EntryRow {
        let body = Body { name: self.name.clone(), topic: self.topic.clone() };
        // Two texts always have a JSON text.
        let body = serde_json::to_string(&body).ok();
        EntryRow { kind: &KIND, message_id: None, actor_id: Some(self.by.clone()), body }
    }
}
