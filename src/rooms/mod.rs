//! Rooms on this node: their presence, their newest log entries, and the path of a change. A change is admitted by an
//! entry point, *appended* to the log by the writer, *applied* to the `RoomState`, then answered.
//!
//! A room's lock is held for microseconds, because sending to a socket never blocks.

mod absence;
mod apply;
mod audience;
mod catching_up;
mod compare;
mod comparisons;
mod digests;
mod eviction;
mod external;
mod histories;
mod history;
mod load;
mod marks;
mod memory;
mod outbox;
mod presence;
mod reading;
mod recount_limit;
mod registry;
mod retention;
mod room;
mod thread_push;
mod unlogged;
mod unread_counts;
mod unread_push;
mod watch;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak, atomic::AtomicBool},
    time::Duration,
};

use futures_util::future::join_all;
pub use reading::Visibility;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
pub use unread_push::run as push_unread;
pub use watch::run as watch_database;

use self::{
    catching_up::OtherPrograms,
    comparisons::Comparisons,
    digests::Digests,
    eviction::EvictionQueue,
    marks::Marks,
    memory::Memory,
    presence::Announce,
    registry::{Phase, RoomCell},
    room::{Freshness, RoomState},
    thread_push::ThreadPush,
    unread_push::UnreadPush,
};
use crate::{
    broadcast::{Broadcast, ClientSocket, Encoded, Except, Sid, Target},
    chat::{
        Error, Result,
        id::{RoomId, UserId},
        message::Place,
        timestamp::Timestamp,
    },
    clock,
    cluster::node_cache::NodeCache,
    config::{Config, LiveSettings},
    connection::SocketRoute,
    db::{Db, delivery_markers::DeliveryMark, read_markers::ReadMark, room_log::Append},
    indexer::Indexer,
    log::{self, Log, Receipt},
    metrics::{Instruments, RoomStats},
    protocol::{MemberView, RoomErrorView, RoomMembersView, TokenUserView, event},
    sync::lock,
};

/// The longest wait for the answer of a socket that may be dead. After it, a new socket of the same user is sent
/// everything that the user may have missed.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// Rooms that differ from the database and are read at the same time: others need connections, too.
const CONCURRENT_DIFFERING: usize = 8;

pub struct Rooms {
    broadcast: Broadcast,
    db: Db,
    cells: Mutex<HashMap<RoomId, Arc<RoomCell>>>,
    idle: Mutex<EvictionQueue>,
    memory: Arc<Memory>,
    settings: Arc<LiveSettings>,
    log: Log,
    /// The server is busy: changes come faster than they are committed, so the last commit was a batch of several.
    is_busy: AtomicBool,
    read_marks: Marks<ReadMark>,
    delivery_marks: Marks<DeliveryMark>,
    comparisons: Comparisons,
    /// Limits how many rooms that differ from the database are read at the same time.
    differing: Semaphore,
    digests: Digests,
    others: OtherPrograms,
    activity: UnreadPush,
    threads: ThreadPush,
    node_cache: NodeCache,
    indexer: Indexer,
    this: Weak<Self>,
}

/// The extent of the history that a socket was sent.
pub struct Shown {
    /// The last log entry that the history includes.
    pub seq: i64,
    /// Up to when its reader has read the room with it.
    pub read_until: Timestamp,
    /// The place of its oldest message.
    pub end: Option<Place>,
    /// The next older message has, or may have, the same millisecond as the oldest one.
    pub ends_in_tie: bool,
}

impl Rooms {
    pub fn start(
        broadcast: Broadcast,
        db: Db,
        config: &Config,
        (node_cache, indexer): (NodeCache, Indexer),
        instruments: Instruments,
    ) -> Arc<Self> {
        let settings = log::Settings {
            capacity: config.sockets.write_queue,
            commit_timeout: config.database_timeout,
            commit_interval: config.sockets.commit_interval,
        };
        let (log, outcomes) = Log::start(db.clone(), instruments.clone(), &settings);
        let rooms = Arc::new_cyclic(|this| Self {
            broadcast,
            read_marks: Marks::start(db.clone(), instruments.read_marks.clone()),
            delivery_marks: Marks::start(db.clone(), instruments.delivery_marks.clone()),
            comparisons: Comparisons::start(db.clone()),
            differing: Semaphore::new(CONCURRENT_DIFFERING),
            digests: Digests::default(),
            others: OtherPrograms::default(),
            db,
            activity: UnreadPush::default(),
            threads: ThreadPush::default(),
            cells: Mutex::default(),
            idle: Mutex::default(),
            memory: Memory::new(config.live.memory),
            settings: Arc::new(config.live.clone()),
            log,
            is_busy: AtomicBool::new(false),
            node_cache,
            indexer,
            this: Weak::clone(this),
        });
        tokio::spawn(apply::run(Arc::downgrade(&rooms), outcomes));
        tokio::spawn(eviction::run(Arc::downgrade(&rooms)));
        tokio::spawn(digests::run(Arc::downgrade(&rooms)));
        if let Some(time) = config.log_retention {
            tokio::spawn(retention::run(rooms.db.clone(), time));
        }
        rooms
    }

    /// Queues a change for commit, in the order of the calls. The receipt resolves after the author's sockets on this
    /// node were sent the entry; the others may be sent it a moment later. A full queue is [`Error::Busy`] at once.
    pub fn append(&self, append: Append) -> Result<Receipt> {
        self.log.append(append)
    }

    /// Sends the socket the room's history and members and subscribes it, without a gap or a duplicate. `has_returned`:
    /// the client says that it was connected before.
    pub async fn join(
        &self,
        socket: &ClientSocket,
        room_id: &RoomId,
        (user, has_returned): (&TokenUserView, bool),
        members: &[MemberView],
    ) -> Result<Shown> {
        if !has_returned {
            self.probe_other_sockets(room_id, &user.id).await;
        }
        let now = clock::now();
        self.enter(socket, room_id, Some(&user.id), |cell, live| {
            let missed = live.missed(&user.id, now, |sid| self.last_heard(sid));
            let history = live.history(room_id, &missed, socket.bodies());
            let members = Encoded::new(event::ROOM_MEMBERS, &RoomMembersView { room_id, members });
            let (Some(history), Some(members)) = (history, members) else {
                return Err(Error::Internal("a room's history could not be encoded".to_owned()));
            };
            live.absence.arrived(&user.id);
            let outgoing = live.audience.arrive(user, socket.id(), Announce::Yes, Instant::now());
            self.carry_out(room_id, cell, outgoing);
            for packet in [&history.packet, &members] {
                self.broadcast.send(Target::Socket(socket), Except::NOBODY, packet);
            }
            live.audience.presence.note_shown(&user.id, socket.id(), missed.since, Instant::now());
            let (seq, read_until) = live.read_to_the_end(now);
            live.note_reader(&user.id, seq);
            Ok(Shown { seq, read_until, end: history.end, ends_in_tie: history.ends_in_tie })
        })
        .await
    }

    /// Subscribes the socket to the room, without history and without announcing its user.
    pub async fn listen(&self, socket: &ClientSocket, room_id: &RoomId, user: &TokenUserView) -> Result<()> {
        self.enter(socket, room_id, None, |cell, live| {
            let outgoing = live.audience.arrive(user, socket.id(), Announce::No, Instant::now());
            self.carry_out(room_id, cell, outgoing);
            Ok(())
        })
        .await
    }

    /// `reader` is the user who is to be sent the missed messages, if any.
    async fn enter<T>(
        &self,
        socket: &ClientSocket,
        room_id: &RoomId,
        reader: Option<&UserId>,
        on_enter: impl FnOnce(&Arc<RoomCell>, &mut RoomState) -> Result<T>,
    ) -> Result<T> {
        loop {
            let cell = self.live_cell(room_id, reader, Freshness::Interval).await?;
            let mut state = lock(&cell.phase);
            let Phase::Live(live) = &mut *state else { continue };
            // Large messages that were loaded for the reader may have been dropped again meanwhile.
            if self.needs_older(live, reader) {
                continue;
            }
            let entered = on_enter(&cell, live)?;
            live.idle_since = None;
            socket.join(room_id);
            return Ok(entered);
        }
    }

    /// Unsubscribes the socket from the room. The leave is announced if it was the user's last socket there.
    pub fn leave(&self, socket: &ClientSocket, room_id: &RoomId, user: &TokenUserView) {
        let cell = lock(&self.cells).get(room_id).cloned();
        let mut state = cell.as_ref().map(|cell| lock(&cell.phase));
        let (Some(cell), Some(Phase::Live(live))) = (&cell, state.as_deref_mut()) else {
            return socket.leave(room_id);
        };
        let here = live.audience.presence.sockets_of(&user.id);
        let here = here.iter().find(|there| there.sid == socket.id());
        let resend_since = here.and_then(|here| here.resend_since(socket.last_heard()));
        let (was_here, outgoing) = live.audience.depart(user, socket.id(), Instant::now());
        self.carry_out(room_id, cell, outgoing);
        socket.leave(room_id);
        if was_here {
            live.absence.departed(&user.id, resend_since, clock::now());
        }
        self.mark_idle_if_empty(room_id, cell, live);
        drop(state);
        self.evict_idle_now();
    }

    /// Probes the user's sockets in the room, if one may be dead and too much was sent since its last sign of life. The
    /// client that is joining may be that one's, reconnecting, or another one beside it.
    async fn probe_other_sockets(&self, room_id: &RoomId, user_id: &UserId) {
        let routes: Vec<SocketRoute> = {
            let Some(cell) = lock(&self.cells).get(room_id).cloned() else { return };
            let Phase::Live(live) = &*lock(&cell.phase) else { return };
            let here = live.audience.presence.sockets_of(user_id);
            if here.is_empty()
                || !live.exceeds_page(&live.missed(user_id, clock::now(), |sid| self.last_heard(sid)))
            {
                return;
            }
            let sids: Vec<Sid> = here.iter().map(|here| here.sid).collect();
            self.broadcast.sockets(&sids).iter().filter_map(|socket| socket.route().cloned()).collect()
        };
        let answers = join_all(routes.iter().map(SocketRoute::probe));
        // A socket that does not answer in time may be dead: we stop waiting.
        let _silent = timeout(PROBE_TIMEOUT, answers).await;
    }

    /// When the client of a socket gave its last sign of life; none if the socket is gone or gave none.
    fn last_heard(&self, sid: Sid) -> Option<Instant> {
        self.broadcast.socket(sid)?.last_heard()
    }

    /// Unsubscribes the users who may no longer be in a room. They are sent an error, and the others are sent their
    /// leave.
    pub fn evict(&self, room_id: &RoomId, may_stay: impl Fn(&UserId) -> bool) {
        self.evict_because(&Error::Forbidden("You are no longer a member of this room"), room_id, may_stay);
    }

    /// Unsubscribes all users from a room that no longer exists.
    pub fn close(&self, room_id: &RoomId) {
        self.evict_because(&Error::RoomNotFound, room_id, |_| false);
    }

    fn evict_because(&self, refusal: &Error, room_id: &RoomId, may_stay: impl Fn(&UserId) -> bool) {
        let Some(cell) = lock(&self.cells).get(room_id).cloned() else { return };
        let mut state = lock(&cell.phase);
        let Phase::Live(live) = &mut *state else { return };
        let (evicted, outgoing) = live.audience.evict(may_stay);
        self.carry_out(room_id, &cell, outgoing);
        let (code, error, event) = (refusal.code(), refusal.to_string(), "room:join");
        let view = RoomErrorView { room_id: Some(room_id.as_str()), event, code, error: &error };
        let packet = Encoded::new(event::ROOM_ERROR, &view);
        for socket in evicted.iter().flat_map(|(_, sids)| self.broadcast.sockets(sids)) {
            socket.leave(room_id);
            if let Some(packet) = &packet {
                self.broadcast.send(Target::Socket(&socket), Except::NOBODY, packet);
            }
        }
        let user_ids = evicted.into_iter().map(|(user_id, _)| user_id);
        let outgoing = live.audience.evicted(user_ids, Instant::now());
        self.carry_out(room_id, &cell, outgoing);
        self.mark_idle_if_empty(room_id, &cell, live);
        drop(state);
        self.evict_idle_now();
    }

    /// Returns the users in a room, at most `limit` of them, and the total number. `reader` is the user who asks.
    pub fn list_present(&self, room_id: &RoomId, reader: &UserId, limit: usize) -> (Vec<UserId>, usize) {
        let Some(cell) = lock(&self.cells).get(room_id).cloned() else { return (Vec::new(), 0) };
        let mut state = lock(&cell.phase);
        let Phase::Live(live) = &mut *state else { return (Vec::new(), 0) };
        let (mut users, outgoing) = live.audience.list_present(reader);
        self.carry_out(room_id, &cell, outgoing);
        let count = users.len();
        users.truncate(limit);
        (users, count)
    }

    /// Collects the figures for the metrics.
    pub fn stats(&self) -> RoomStats {
        let cells: Vec<Arc<RoomCell>> = lock(&self.cells).values().cloned().collect();
        let mut stats = RoomStats {
            queued: self.log.queued(),
            idle_bytes: lock(&self.idle).size(),
            live_bytes: self.memory.bytes(),
            ..RoomStats::default()
        };
        for cell in cells {
            if let Phase::Live(live) = &*lock(&cell.phase) {
                stats.live += 1;
                stats.idle += usize::from(live.idle_since.is_some());
                stats.messages += live.len();
                stats.pending_presence += live.audience.pending_presence();
            }
        }
        stats
    }
}
