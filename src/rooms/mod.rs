//! Rooms on this node: who is here, the newest of each room's log, and the way in which a change becomes durable and heard:
//! admitted by a door, *appended* by the writer, *applied* to the live room, then answered.
//!
//! A live room's lock is held for microseconds: emitting never blocks.

mod activity;
mod allowance;
mod compare;
mod ephemeral;
mod gathered;
mod idle;
mod live;
mod newest;
mod pace;
mod presence;
mod read_marks;
mod retention;
mod returning;
mod seat;
mod slot;
mod telling;
mod unlogged;
mod untold;
mod writer;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, atomic::AtomicBool},
    time::Duration,
};

pub use activity::run as tell_activity;
use futures_util::future::join_all;
pub use seat::Seat;
use serde::Serialize;
use socketioxide::{SocketIo, socket::Sid};
pub use telling::telling;
use tokio::time::{Instant, timeout};
pub use writer::{Receipt, Settled};

use self::{
    activity::Activity,
    idle::Idle,
    live::{History, LiveRoom},
    pace::Pace,
    presence::{Manner, News},
    read_marks::ReadMarks,
    slot::{Slot, State},
    writer::Writer,
};
use crate::{
    chat::{
        id::{RoomId, UserId},
        message::Place,
    },
    clock,
    cluster::node_keys::NodeKeys,
    config::{Config, LiveSettings},
    connection::SocketRoute,
    db::{
        self, Db,
        read_markers::ReadMark,
        room_log::{Append, Caught},
    },
    error::{Error, Result},
    metrics::{Census, Instruments},
    protocol::{MemberView, RoomErrorView, RoomMembersView, TokenUserView, event},
};

/// How long a socket that may be dead has to answer before a new one of its user is shown all that it may have missed.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

pub struct Rooms {
    io: SocketIo,
    db: Db,
    slots: Mutex<HashMap<RoomId, Arc<Slot>>>,
    idle: Mutex<Idle>,
    settings: Arc<LiveSettings>,
    writer: Writer,
    /// Changes come faster than they are committed: the last commit was one of several.
    is_busy: AtomicBool,
    read_marks: ReadMarks,
    activity: Activity,
    node_keys: NodeKeys,
    instruments: Instruments,
    this: Weak<Self>,
}

/// What a socket was shown of a room's history.
pub struct Shown {
    /// The last entry of the room's log that it includes.
    pub seq: i64,
    /// The place of its oldest message.
    pub end: Option<Place>,
    /// The next older message is, or may be, of the same millisecond.
    pub ends_in_tie: bool,
}

/// A panic under one of these locks leaves nothing half done that the next holder could trip over.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rooms {
    pub fn start(
        io: SocketIo,
        db: Db,
        config: &Config,
        node_keys: NodeKeys,
        instruments: Instruments,
    ) -> Arc<Self> {
        let (writer, jobs) = Writer::channel(config.sockets.write_queue, config.database_timeout);
        let rooms = Arc::new_cyclic(|this| Self {
            io,
            read_marks: ReadMarks::start(db.clone(), instruments.read_marks.clone()),
            db,
            activity: Activity::default(),
            slots: Mutex::default(),
            idle: Mutex::default(),
            settings: Arc::new(config.live.clone()),
            writer,
            is_busy: AtomicBool::new(false),
            node_keys,
            instruments,
            this: Weak::clone(this),
        });
        let pace = Pace::new(config.sockets.commit_interval, Instant::now());
        tokio::spawn(writer::run(Arc::downgrade(&rooms), jobs, pace));
        tokio::spawn(idle::run(Arc::downgrade(&rooms)));
        if let Some(time) = config.log_retention {
            tokio::spawn(retention::run(rooms.db.clone(), time));
        }
        rooms
    }

    /// Queues a change for commit, in the order of the calls. The receipt answers after the author's sockets here were told;
    /// the others may be told a moment later. A full queue is [`Error::Busy`] at once.
    pub fn append(&self, append: Append) -> Result<Receipt> {
        self.writer.append(append)
    }

    /// Shows the socket the room's history and members and lets it hear what follows, without gap or double. `has_returned`: its
    /// client says that it was connected before.
    pub async fn join(
        &self,
        seat: &Seat,
        room_id: &RoomId,
        (user, has_returned): (&TokenUserView, bool),
        members: &[MemberView],
    ) -> Result<Shown> {
        if !has_returned {
            self.hear_other_sockets(room_id, &user.id).await;
        }
        let now = clock::now();
        self.enter(seat, room_id, Some(&user.id), |slot, live| {
            let missed = live.missed(&user.id, now, |sid| self.last_heard(sid));
            live.returning.arrived(&user.id);
            let History { encoded, end, ends_in_tie } = live.history(room_id, &missed);
            seat.emit(event::ROOM_HISTORY, encoded);
            seat.emit(event::ROOM_MEMBERS, &RoomMembersView { room_id, members });
            // Of a second socket there is no news behind which earlier news could see that it came later.
            if live.presence.is_here(&user.id) {
                self.tell_gathered_news(room_id, live);
            }
            let is_due = live.presence.arrive(user, seat.id(), Manner::Announced, Instant::now());
            live.presence.note_shown(&user.id, seat.id(), missed.since, Instant::now());
            self.announce(room_id, slot, live, is_due);
            Shown { seq: live.seq(), end, ends_in_tie }
        })
        .await
    }

    /// Lets the socket hear the room from now on, with no history and telling nobody.
    pub async fn listen(&self, seat: &Seat, room_id: &RoomId, user: &TokenUserView) -> Result<()> {
        self.enter(seat, room_id, None, |_, live| {
            self.tell_gathered_news(room_id, live);
            live.presence.arrive(user, seat.id(), Manner::Silent, Instant::now());
        })
        .await
    }

    /// `reader`: who is to be shown what they missed.
    async fn enter<T>(
        &self,
        seat: &Seat,
        room_id: &RoomId,
        reader: Option<&UserId>,
        welcome: impl FnOnce(&Arc<Slot>, &mut LiveRoom) -> T,
    ) -> Result<T> {
        loop {
            let slot = self.live_slot(room_id, reader, reader.is_some()).await?;
            let mut state = lock(&slot.state);
            let State::Live(live) = &mut *state else { continue };
            // Large messages that were loaded for the reader may have gone again meanwhile.
            if self.wants_more(live, reader) {
                continue;
            }
            // Of what is in the history it is not to hear once more.
            self.tell_waiting(room_id, live);
            let welcomed = welcome(&slot, live);
            live.idle_since = None;
            seat.join(room_id.as_str());
            return Ok(welcomed);
        }
    }

    /// The socket hears the room no more. Others are told when it was the last of its user.
    pub fn leave(&self, seat: &Seat, room_id: &RoomId, user: &TokenUserView) {
        let slot = lock(&self.slots).get(room_id).cloned();
        let mut state = slot.as_ref().map(|slot| lock(&slot.state));
        if let Some(State::Live(live)) = state.as_deref_mut() {
            // It was here when that was said, and when they came. A socket that is gone hears nothing any more.
            if seat.is_connected() {
                self.tell_gathered_news(room_id, live);
            }
            self.tell_waiting(room_id, live);
        }
        seat.leave(room_id.as_str());
        let (Some(slot), Some(State::Live(live))) = (&slot, state.as_deref_mut()) else { return };
        let here = live.presence.sockets_of(&user.id).iter().find(|there| there.sid == seat.id());
        let owed = here.and_then(|here| here.owed(seat.last_heard()));
        let (was_here, is_due) = live.presence.depart(user, seat.id(), Instant::now());
        if was_here {
            live.returning.departed(&user.id, owed, clock::now());
        }
        self.announce(room_id, slot, live, is_due);
        self.idle_if_empty(room_id, slot, live);
        drop(state);
        self.close_idle_at_once();
    }

    /// Asks the user's sockets that are in the room for a sign of life, where one may be dead and too much was told since it gave
    /// its last: a client that comes here may be that one's, or another beside it.
    async fn hear_other_sockets(&self, room_id: &RoomId, user_id: &UserId) {
        let routes: Vec<SocketRoute> = {
            let Some(slot) = lock(&self.slots).get(room_id).cloned() else { return };
            let State::Live(live) = &*lock(&slot.state) else { return };
            let (here, Some(namespace)) = (live.presence.sockets_of(user_id), self.io.of("/")) else {
                return;
            };
            if here.is_empty()
                || !live.is_long_for(&live.missed(user_id, clock::now(), |sid| self.last_heard(sid)))
            {
                return;
            }
            let sockets = here.iter().filter_map(|here| namespace.get_socket(here.sid));
            sockets.filter_map(|socket| Seat::new(socket).route().cloned()).collect()
        };
        let heard = join_all(routes.iter().map(SocketRoute::hear));
        // A socket that does not answer may be dead, and nobody waits for it any longer.
        let _silent = timeout(SIGN_OF_LIFE, heard).await;
    }

    /// When the client of a socket gave its last sign of life; none if it is gone, or gave none.
    fn last_heard(&self, sid: Sid) -> Option<Instant> {
        Seat::new(self.io.of("/")?.get_socket(sid)?).last_heard()
    }

    /// Makes those who may not be in a room any more hear it no more. They are told, and so are the others.
    pub fn evict(&self, room_id: &RoomId, may_stay: impl Fn(&UserId) -> bool) {
        let Some(slot) = lock(&self.slots).get(room_id).cloned() else { return };
        let mut state = lock(&slot.state);
        let State::Live(live) = &mut *state else { return };
        let Some(namespace) = self.io.of("/") else { return };
        let evicted = live.presence.evict(may_stay);
        let refusal = Error::Forbidden("You are no longer a member of this room");
        for (_, sockets) in &evicted {
            for seat in sockets.iter().filter_map(|sid| namespace.get_socket(*sid)).map(Seat::new) {
                seat.leave(room_id.as_str());
                let (code, error) = (refusal.code(), refusal.to_string());
                let room_id = Some(room_id.as_str());
                seat.emit(
                    event::ROOM_ERROR,
                    &RoomErrorView { room_id, event: "room:join", code, error: &error },
                );
            }
        }
        if !evicted.is_empty() {
            self.tell_gathered_news(room_id, live);
            self.tell_waiting(room_id, live);
        }
        let news: Vec<News> = evicted.into_iter().map(|(user_id, _)| News::Left(user_id)).collect();
        self.tell_news(room_id, &news);
        self.idle_if_empty(room_id, &slot, live);
        drop(state);
        self.close_idle_at_once();
    }

    /// What happened in a room after an entry, at most `limit` entries of it: from memory where it is there. The room is
    /// compared with the database first.
    pub async fn list_after(&self, room_id: &RoomId, after: i64, limit: usize) -> Result<Caught> {
        let slot = self.live_slot(room_id, None, true).await?;
        if let State::Live(live) = &mut *lock(&slot.state) {
            self.idle_if_empty(room_id, &slot, live);
            if let Some(entries) = live.list_after(after, limit) {
                // Who asks may be in the room, and is not to hear of these once more.
                self.tell_waiting(room_id, live);
                let is_forgotten = after < live.complete_from();
                return Ok(Caught { entries, head: live.seq(), is_forgotten });
            }
        }
        db::room_log::list_after(&self.db, room_id, after, limit).await
    }

    /// Tells every socket of a Socket.IO room on this node.
    pub fn emit(&self, channel: &str, event: &str, view: &(impl Serialize + ?Sized)) {
        seat::emit_to_all(&self.io, channel, event, view);
    }

    /// Notes that a user has read a room up to an entry, or up to now; written soon.
    pub fn mark_read(&self, mark: ReadMark) {
        self.node_keys.note_read(&mark);
        self.read_marks.note(mark);
    }

    /// As [`Self::mark_read`], and waits until it is written.
    pub async fn mark_read_durably(&self, mark: ReadMark) -> Result<()> {
        self.node_keys.note_read(&mark);
        self.read_marks.write(mark).await
    }

    /// The last entry of a room that is live here.
    pub fn live_seq(&self, room_id: &RoomId) -> Option<i64> {
        let slot = lock(&self.slots).get(room_id).cloned()?;
        let state = lock(&slot.state);
        if let State::Live(live) = &*state { Some(live.seq()) } else { None }
    }

    /// The users who are in a room, at most `limit` of them, and how many there are in all.
    pub fn list_present(&self, room_id: &RoomId, limit: usize) -> (Vec<UserId>, usize) {
        let Some(slot) = lock(&self.slots).get(room_id).cloned() else { return (Vec::new(), 0) };
        let mut state = lock(&slot.state);
        let State::Live(live) = &mut *state else { return (Vec::new(), 0) };
        // Of who is listed nobody is to hear later that they came.
        self.tell_gathered_news(room_id, live);
        let mut users: Vec<UserId> = live.presence.announced().cloned().collect();
        let count = users.len();
        users.truncate(limit);
        (users, count)
    }

    /// Counts what is in memory.
    pub fn census(&self) -> Census {
        let slots: Vec<Arc<Slot>> = lock(&self.slots).values().cloned().collect();
        let mut census =
            Census { queued: self.writer.len(), idle_bytes: lock(&self.idle).size(), ..Census::default() };
        for slot in slots {
            if let State::Live(live) = &*lock(&slot.state) {
                census.live += 1;
                census.idle += usize::from(live.idle_since.is_some());
                census.messages += live.len();
                census.news += live.presence.waiting();
            }
        }
        census
    }

    pub async fn flush_read_marks(&self) {
        self.read_marks.flush().await;
    }
}
