//! Reading: the entry that a reader has come to, and the marks that are stored and broadcast for it.

use super::{
    Rooms,
    registry::Phase,
    room::{ReadPosition, RoomState},
};
use crate::{
    broadcast::{ClientSocket, Encoded, Except, Target},
    chat::{
        Result,
        id::{RoomId, UserId},
        timestamp::Timestamp,
    },
    db::{delivery_markers::DeliveryMark, read_markers::ReadMark, read_positions},
    protocol::{MessageDeliveredView, RoomUserReadView, event},
    sync::lock,
};

/// Whether others are shown what a user has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    Shown,
    /// Only the user's own devices are told.
    Private,
}

impl Visibility {
    pub fn of(has_private_reads: bool) -> Self {
        if has_private_reads { Self::Private } else { Self::Shown }
    }
}

impl Rooms {
    /// Runs `look` on a room, if it is loaded on this node.
    pub(super) fn on_live<T>(&self, room_id: &RoomId, look: impl FnOnce(&mut RoomState) -> T) -> Option<T> {
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

    /// Records that a user who has joined a room has read it with its history. It is written soon, in a batch.
    pub fn note_joined(&self, mark: ReadMark, visibility: Visibility) {
        if visibility == Visibility::Shown {
            self.node_cache.note_read(&mark);
        }
        // The list is counted by what is stored, or is about to be.
        self.read_marks.note(mark.clone());
        self.activity.note_read(&mark);
        self.activity.note_told(&mark);
    }

    /// Records that a user has read a room up to an entry, and sends that to the others in the room, unless they were told
    /// of a later entry. It is written soon, in a batch; `is_durable`: returns only when it is written.
    pub async fn mark_read(
        &self,
        from: Option<&ClientSocket>,
        mark: ReadMark,
        visibility: Visibility,
        is_durable: bool,
    ) -> Result<()> {
        let note = |live: &mut RoomState| mark.seq.is_none_or(|seq| live.note_reader(&mark.user_id, seq));
        let is_ahead = self.on_live(&mark.room_id, note).unwrap_or(true);
        // Node shows the marks in Redis to everybody.
        if is_ahead && visibility == Visibility::Shown {
            self.node_cache.note_read(&mark);
        }
        // The list is counted by what is stored.
        if is_durable {
            self.read_marks.write(mark.clone()).await?;
            // Meanwhile the user may have marked the room as unread, which this must not undo.
            self.activity.note_doubt_of(&mark.user_id, &mark.room_id);
        } else {
            self.read_marks.note(mark.clone());
            self.activity.note_read(&mark);
        }
        if is_ahead {
            self.activity.note_told(&mark);
            self.push_read_mark(from, &mark, visibility);
        }
        Ok(())
    }

    /// Sends a read mark to the others in the room. A private one goes to the user's own sockets there.
    fn push_read_mark(&self, from: Option<&ClientSocket>, mark: &ReadMark, visibility: Visibility) {
        let ReadMark { room_id, user_id, at, seq } = mark;
        let view = RoomUserReadView { room_id, user_id, timestamp: *at, seq: *seq };
        let packet = Encoded::new(event::ROOM_USER_READ, &view);
        if visibility == Visibility::Shown {
            return self.push_ephemeral(from, room_id, packet);
        }
        let own = |live: &mut RoomState| {
            let own = live.audience.presence.sockets_of(user_id).iter().map(|there| there.sid);
            own.filter(|sid| Some(*sid) != from.map(ClientSocket::id)).collect::<Vec<_>>()
        };
        if let (Some(packet), Some(own)) = (packet, self.on_live(room_id, own)) {
            let sockets = self.broadcast.sockets(&own);
            self.broadcast.send(Target::Sockets(&sockets), Except::NOBODY, &packet);
        }
    }

    /// Records that a room's messages have reached a device of a user, and sends it to the others in the room, unless
    /// they were told of a later entry. It is written soon, in a batch.
    pub fn mark_delivered(&self, from: Option<&ClientSocket>, mark: DeliveryMark) {
        let is_ahead = |live: &mut RoomState| live.note_delivered(&mark.user_id, mark.seq);
        let DeliveryMark { room_id, user_id, seq } = &mark;
        if self.on_live(room_id, is_ahead) == Some(true) {
            let view = MessageDeliveredView { room_id, user_id, seq: *seq };
            self.push_ephemeral(from, room_id, Encoded::new(event::MESSAGE_DELIVERED, &view));
        }
        self.delivery_marks.note(mark);
    }

    /// Writes the marks of [`Self::mark_read`] that this user's unread counts depend on.
    pub async fn flush_read_marks_of(&self, user_id: &UserId) {
        self.read_marks.flush_of(user_id).await;
    }

    pub async fn flush_read_marks(&self) {
        self.read_marks.flush().await;
    }

    pub async fn flush_delivery_marks(&self) {
        self.delivery_marks.flush().await;
    }
}
