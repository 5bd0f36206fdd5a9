//! Reading: the entry that a reader has come to, and the marks that are stored and broadcast for it.

use super::{
    Rooms,
    registry::Phase,
    room::{ReadPosition, RoomState},
};
use crate::{
    broadcast::{ClientSocket, Encoded},
    chat::{
        Result,
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    db::{read_markers::ReadMark, read_positions},
    protocol::{RoomUserReadView, event},
    sync::lock,
};

impl Rooms {
    /// Runs `look` on a room, if it is loaded on this node.
    fn on_live<T>(&self, room_id: &RoomId, look: impl FnOnce(&mut RoomState) -> T) -> Option<T> {
        let cell = lock(&self.cells).get(room_id).cloned()?;
        let mut state = lock(&cell.phase);
        if let Phase::Live(live) = &mut *state { Some(look(live)) } else { None }
    }

    /// Returns the entry that a reader has come to who has read up to entry `seq`, or up to now, and the time up to which
    /// they have read: never beyond the log's end. None if the log has lost this entry since.
    pub async fn read_position(
        &self,
        room_id: &RoomId,
        seq: Option<i64>,
        now: Timestamp,
    ) -> Result<Option<(i64, Timestamp)>> {
        if let Some(ReadPosition::At(seq, at)) = self.on_live(room_id, |live| live.read_position(seq, now)) {
            return Ok(Some((seq, at)));
        }
        let found = read_positions::find(&self.db, room_id, seq.unwrap_or(i64::MAX)).await?;
        Ok(match seq {
            Some(seq) if seq < found.head => found.entry_at().map(|at| (seq, at)),
            _ => Some((found.head, found.head_at().map_or(now, |at| at.max(now)))),
        })
    }

    /// Records that a user has read a room up to an entry. It is written soon, in a batch.
    pub fn mark_read(&self, mark: ReadMark) {
        self.node_cache.note_read(&mark);
        self.read_marks.note(mark.clone());
        self.activity.note_read(&mark);
    }

    /// Like [`Self::mark_read`], but waits until the mark is written.
    pub async fn mark_read_durably(&self, mark: ReadMark) -> Result<()> {
        self.node_cache.note_read(&mark);
        // The list is counted by what is stored.
        self.read_marks.write(mark.clone()).await?;
        self.activity.note_read(&mark);
        Ok(())
    }

    /// Sends a read mark to the others in the room, unless they were told of a later entry.
    pub fn push_read_mark(&self, from: Option<&ClientSocket>, mark: &ReadMark) {
        let ReadMark { room_id, user_id, at, seq } = mark;
        let is_ahead = |live: &mut RoomState| seq.is_none_or(|seq| live.note_reader(user_id, seq));
        if self.on_live(room_id, is_ahead) == Some(true) {
            let view = RoomUserReadView { room_id, user_id, timestamp: *at, seq: *seq };
            self.push_ephemeral(from, room_id, Encoded::new(event::ROOM_USER_READ, &view));
        }
    }

    /// Writes the marks of [`Self::mark_read`] that this user's unread counts depend on.
    pub async fn flush_read_marks_of(&self, user_id: &UserId) {
        self.read_marks.flush_of(user_id).await;
    }

    pub async fn flush_read_marks(&self) {
        self.read_marks.flush().await;
    }
}
