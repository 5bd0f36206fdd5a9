//! Rooms on this node: who is here, the newest of each room's log, and the way in which a change becomes durable and heard:
//! admitted by a door, *appended* by the writer, *applied* to the live room, then answered.
//!
//! A live room exists while sockets of it are here. Its lock is held for microseconds: emitting never blocks.

mod live;
mod read_marks;
mod seat;
mod writer;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use seat::Seat;
use serde::Serialize;
use socketioxide::SocketIo;
pub use writer::Receipt;

use self::{
    live::{LiveRoom, Presence},
    read_marks::ReadMarks,
    writer::Writer,
};
use crate::{
    chat::id::{RoomId, UserId},
    cluster::node_keys::NodeKeys,
    config::Config,
    db::{
        self, Db,
        read_markers::ReadMark,
        room_log::{Append, Entry, Told},
    },
    error::{Error, Result},
    protocol::{
        MemberView, MessageDeletedView, ReactionChangedView, RoomErrorView, RoomMembersView,
        RoomUserJoinedView, RoomUserView, TokenUserView, event,
    },
};

pub struct Rooms {
    io: SocketIo,
    db: Db,
    slots: Mutex<HashMap<RoomId, Arc<Slot>>>,
    writer: Writer,
    read_marks: ReadMarks,
    node_keys: NodeKeys,
}

/// The place of a room on this node.
#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    /// Held while the room is loaded, so that it is loaded once.
    loading: tokio::sync::Mutex<()>,
}

enum State {
    /// Being loaded; what is committed meanwhile waits here.
    Loading(Vec<Entry>),
    Live(Box<LiveRoom>),
    /// Taken out of the map: look there again.
    Closed,
}

impl Default for State {
    fn default() -> Self {
        State::Loading(Vec::new())
    }
}

/// A panic under one of these locks leaves nothing half done that the next holder could trip over.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rooms {
    pub fn start(io: SocketIo, db: Db, config: &Config, node_keys: NodeKeys) -> Arc<Self> {
        let (writer, jobs) = Writer::channel(config.sockets.write_queue, config.database_timeout);
        let rooms = Arc::new(Self {
            io,
            read_marks: ReadMarks::start(db.clone()),
            db,
            slots: Mutex::default(),
            writer,
            node_keys,
        });
        tokio::spawn(writer::run(Arc::downgrade(&rooms), jobs));
        rooms
    }

    /// Queues a change for commit, in the order of the calls. The receipt answers after every socket here was told.
    /// A full queue is [`Error::Busy`] at once.
    pub fn append(&self, append: Append) -> Result<Receipt> {
        self.writer.append(append)
    }

    /// Shows the socket the room's history and members and lets it hear what follows, without gap or double.
    pub async fn join(
        &self,
        seat: &Seat,
        room_id: &RoomId,
        user: &TokenUserView,
        members: &[MemberView],
    ) -> Result<()> {
        self.enter(seat, room_id, |live| {
            seat.emit(event::ROOM_HISTORY, live.history(room_id));
            seat.emit(event::ROOM_MEMBERS, &RoomMembersView { room_id, members });
            if live.arrive(&user.id, seat.id(), Presence::Announced) {
                seat.emit_to_others(
                    room_id.as_str(),
                    event::ROOM_USER_JOINED,
                    &RoomUserJoinedView { room_id, user },
                );
            }
        })
        .await
    }

    /// Lets the socket hear the room from now on, with no history and telling nobody.
    pub async fn listen(&self, seat: &Seat, room_id: &RoomId, user_id: &UserId) -> Result<()> {
        self.enter(seat, room_id, |live| {
            live.arrive(user_id, seat.id(), Presence::Silent);
        })
        .await
    }

    async fn enter(&self, seat: &Seat, room_id: &RoomId, welcome: impl FnOnce(&mut LiveRoom)) -> Result<()> {
        loop {
            let slot = self.live_slot(room_id).await?;
            let mut state = lock(&slot.state);
            let State::Live(live) = &mut *state else { continue };
            welcome(live);
            seat.join(room_id.as_str());
            return Ok(());
        }
    }

    /// The socket hears the room no more. Others are told when it was the last of its user.
    pub fn leave(&self, seat: &Seat, room_id: &RoomId, user_id: &UserId) {
        seat.leave(room_id.as_str());
        let Some(slot) = lock(&self.slots).get(room_id).cloned() else { return };
        let mut state = lock(&slot.state);
        let State::Live(live) = &mut *state else { return };
        if live.depart(user_id, seat.id()) {
            seat.emit_to_others(room_id.as_str(), event::ROOM_USER_LEFT, &RoomUserView { room_id, user_id });
        }
        self.close_if_empty(room_id, &slot, state);
    }

    /// Makes those who may not be in a room any more hear it no more. They are told, and so are the others.
    pub fn evict(&self, room_id: &RoomId, may_stay: impl Fn(&UserId) -> bool) {
        let Some(slot) = lock(&self.slots).get(room_id).cloned() else { return };
        let mut state = lock(&slot.state);
        let State::Live(live) = &mut *state else { return };
        let Some(namespace) = self.io.of("/") else { return };
        for (user_id, sockets) in live.evict(may_stay) {
            let refusal = Error::Forbidden("You are no longer a member of this room");
            for seat in sockets.into_iter().filter_map(|sid| namespace.get_socket(sid)).map(Seat::new) {
                seat.leave(room_id.as_str());
                let (code, error) = (refusal.code(), refusal.to_string());
                let room_id = Some(room_id.as_str());
                seat.emit(
                    event::ROOM_ERROR,
                    &RoomErrorView { room_id, event: "room:join", code, error: &error },
                );
            }
            self.emit(room_id.as_str(), event::ROOM_USER_LEFT, &RoomUserView { room_id, user_id: &user_id });
        }
        self.close_if_empty(room_id, &slot, state);
    }

    /// A room that nobody is in is not kept.
    fn close_if_empty(&self, room_id: &RoomId, slot: &Arc<Slot>, mut state: MutexGuard<'_, State>) {
        if matches!(&*state, State::Live(live) if live.is_empty()) {
            *state = State::Closed;
            drop(state);
            self.remove_slot(room_id, slot);
        }
    }

    /// Tells every socket of a Socket.IO room on this node.
    pub fn emit(&self, channel: &str, event: &str, view: &(impl Serialize + ?Sized)) {
        seat::emit_to_all(&self.io, channel, event, view);
    }

    /// Notes that a user has read a room up to now; written soon.
    pub fn mark_read(&self, mark: ReadMark) {
        self.node_keys.note_read(&mark);
        self.read_marks.note(mark);
    }

    /// As [`Self::mark_read`], and waits until it is written.
    pub async fn mark_read_durably(&self, mark: ReadMark) -> Result<()> {
        self.node_keys.note_read(&mark);
        self.read_marks.write(mark).await
    }

    pub async fn flush_read_marks(&self) {
        self.read_marks.flush().await;
    }

    /// The slot of a room that was live a moment ago, loaded if need be.
    async fn live_slot(&self, room_id: &RoomId) -> Result<Arc<Slot>> {
        loop {
            let slot = lock(&self.slots).entry(room_id.clone()).or_default().clone();
            if matches!(&*lock(&slot.state), State::Live(live) if !live.wants_more()) {
                return Ok(slot);
            }
            let _turn = slot.loading.lock().await;
            let wanted = match &mut *lock(&slot.state) {
                State::Live(live) if live.wants_more() => Some(Some(live.begin_refill())),
                State::Live(_) => return Ok(slot.clone()),
                State::Loading(_) => Some(None),
                State::Closed => None,
            };
            let loaded = match wanted {
                Some(None) => self.load(room_id, &slot).await,
                Some(Some(before)) => {
                    let older = db::messages::list_before(&self.db, room_id, before, live::TAIL).await;
                    match (&mut *lock(&slot.state), older) {
                        (State::Live(live), Ok(older)) => live.finish_refill(older),
                        (State::Live(live), Err(error)) => {
                            live.abandon_refill();
                            return Err(error);
                        }
                        _ => {}
                    }
                    Ok(())
                }
                None => {
                    self.remove_slot(room_id, &slot);
                    continue;
                }
            };
            if let Err(error) = loaded {
                *lock(&slot.state) = State::Closed;
                self.remove_slot(room_id, &slot);
                return Err(error);
            }
        }
    }

    async fn load(&self, room_id: &RoomId, slot: &Slot) -> Result<()> {
        let tail = db::messages::load_tail(&self.db, room_id, live::TAIL).await?;
        let mut state = lock(&slot.state);
        if let State::Loading(missed) = &mut *state {
            let mut live = Box::new(LiveRoom::new(tail));
            for entry in missed.drain(..) {
                live.apply(&entry);
            }
            *state = State::Live(live);
            self.node_keys.import_reads(room_id);
        }
        Ok(())
    }

    fn remove_slot(&self, room_id: &RoomId, slot: &Arc<Slot>) {
        let mut slots = lock(&self.slots);
        if slots.get(room_id).is_some_and(|there| Arc::ptr_eq(there, slot)) {
            slots.remove(room_id);
        }
    }

    /// Takes a committed entry into its live room and tells everybody in it here. An entry that was taken before is ignored;
    /// if some are missing before it, they are fetched and told first. Called by one task, in the order of commits.
    async fn apply(&self, entry: &Entry) {
        let Some(slot) = lock(&self.slots).get(&entry.room_id).cloned() else { return };
        let hole_after = match &mut *lock(&slot.state) {
            State::Loading(missed) => {
                missed.push(entry.clone());
                return;
            }
            State::Live(live) => live.hole_before(entry),
            State::Closed => return,
        };
        if let Some(after) = hole_after {
            match db::room_log::list_between(&self.db, &entry.room_id, after, entry.seq).await {
                Ok(missing) => missing.iter().for_each(|entry| self.apply_next(&slot, entry)),
                // Not told out of order: the next entry asks again.
                Err(error) => {
                    tracing::warn!(room = %entry.room_id, after, until = entry.seq, %error, "entries could not be fetched");
                    return;
                }
            }
        }
        self.apply_next(&slot, entry);
    }

    fn apply_next(&self, slot: &Slot, entry: &Entry) {
        if let State::Live(live) = &mut *lock(&slot.state)
            && live.apply(entry)
        {
            self.tell(entry);
        }
    }

    fn tell(&self, entry: &Entry) {
        let (room_id, seq) = (&entry.room_id, entry.seq);
        let room = room_id.as_str();
        match &entry.told {
            Told::New(message) => self.emit(room, event::MESSAGE_NEW, &**message),
            Told::Updated(message) => self.emit(room, event::MESSAGE_UPDATED, &**message),
            Told::Deleted(message_id) => {
                self.emit(room, event::MESSAGE_DELETED, &MessageDeletedView { message_id, room_id, seq });
            }
            Told::ReactionAdded { message_id, reaction } | Told::ReactionRemoved { message_id, reaction } => {
                let name = match &entry.told {
                    Told::ReactionAdded { .. } => event::REACTION_ADDED,
                    _ => event::REACTION_REMOVED,
                };
                let (user_id, emoji) = (&reaction.user_id, reaction.emoji.as_ref());
                self.emit(room, name, &ReactionChangedView { message_id, room_id, user_id, emoji, seq });
            }
            Told::Gone => {}
        }
    }

    /// What follows a commit: the live room, the other programs that read our Redis.
    async fn committed(&self, entry: &Entry) {
        self.apply(entry).await;
        self.node_keys.note_entry(entry);
    }
}
