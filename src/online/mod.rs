//! Which users are online, by any device, whichever rooms they have open; which are away; and when they were last seen.
//! Sockets watch users, and are sent what changes.

mod known;
mod state;
mod watches;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, Weak},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use self::state::State;
use crate::{
    broadcast::{Broadcast, Encoded, Except, Sid, Target},
    chat::{Result, id::UserId, status::Status, timestamp::Timestamp},
    clock,
    db::{self, Db, user_presence::StoredPresence},
    protocol::{PresenceUpdateView, PresenceView, UsersPresenceView, event},
    sync::lock,
};

/// A connection counts for this long after it was closed, so that a page that is loaded again, or a phone that changes
/// networks, does not go offline. A device that says within it that it is away was never active.
const GRACE: Duration = Duration::from_secs(5);

/// Changes are collected for this long, so that a socket is sent few packets when many users come back at once.
const COLLECTED_FOR: Duration = Duration::from_millis(500);

/// How often statuses end, and what is new in when users were last seen is written.
const TICK: Duration = Duration::from_secs(1);
/// How often it is written of users who stay online, in ticks: no crash of the server makes them look gone for longer.
const ALL_SEEN_EVERY: u64 = 300;
/// The pause after a write that failed, in ticks.
const PAUSE: u64 = 10;
/// The sockets whose users' rooms are looked up at the same time: the database may be far away, and others need connections.
const CONCURRENT: usize = 4;
/// The most users in one write.
const MAX_WRITTEN: usize = 4_096;

pub struct OnlineUsers {
    state: Mutex<State>,
    broadcast: Broadcast,
    db: Db,
    /// For this long after it was ensured that users share a room, they are sent each other's presence.
    ttl: Duration,
    /// Held while sockets are sent changes, so that these stay in order.
    pushing: tokio::sync::Mutex<()>,
    this: Weak<Self>,
}

/// A connection of a user, who is online until it is dropped, and for the grace after.
pub struct Online {
    users: Weak<OnlineUsers>,
    user_id: UserId,
    connected: Instant,
    is_away: bool,
    /// It has said whether it is away.
    has_said: bool,
}

impl Online {
    /// The device is away, or active again.
    pub fn set_away(&mut self, is_away: bool) {
        let was_active = self.has_said || self.connected.elapsed() > GRACE;
        self.has_said = true;
        if self.is_away == is_away {
            return;
        }
        self.is_away = is_away;
        let Some(users) = self.users.upgrade() else { return };
        users.change(|state| match is_away {
            true => state.deactivate(&self.user_id, was_active.then(clock::now)),
            false => state.activate(&self.user_id),
        });
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        let (users, user_id) = (Weak::clone(&self.users), self.user_id.clone());
        let active_until = (!self.is_away).then(clock::now);
        tokio::spawn(async move {
            sleep(GRACE).await;
            if let Some(users) = users.upgrade() {
                users.change(|state| state.disconnect(&user_id, active_until));
            }
        });
    }
}

impl OnlineUsers {
    /// `ttl`: how soon a user is told no more of another with whom they share no room, if another program ends that.
    pub fn start(broadcast: Broadcast, db: Db, ttl: Duration) -> Arc<Self> {
        let users = Arc::new_cyclic(|this| Self {
            state: Mutex::default(),
            broadcast,
            db,
            ttl,
            pushing: tokio::sync::Mutex::default(),
            this: Weak::clone(this),
        });
        tokio::spawn(run(Arc::downgrade(&users)));
        users
    }

    /// Changes the state. What changes of users is pushed in a moment.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let is_scheduled = !state.changed.is_empty();
        let changed = change(&mut state);
        if !is_scheduled && !state.changed.is_empty() {
            let this = Weak::clone(&self.this);
            tokio::spawn(async move {
                sleep(COLLECTED_FOR).await;
                if let Some(users) = this.upgrade() {
                    users.push().await;
                }
            });
        }
        changed
    }

    /// Counts a connection of the user.
    pub fn connect(&self, user_id: &UserId) -> Online {
        self.change(|state| state.connect(user_id));
        Online {
            users: Weak::clone(&self.this),
            user_id: user_id.clone(),
            connected: Instant::now(),
            is_away: false,
            has_said: false,
        }
    }

    /// Returns those of the users who are connected, up to a number. It does not matter whether they hide it.
    pub fn list_connected<'a>(&self, users: impl Iterator<Item = &'a UserId>, most: usize) -> Vec<UserId> {
        let state = lock(&self.state);
        users.filter(|user_id| state.is_connected(user_id)).take(most).cloned().collect()
    }

    /// From now on the socket is sent when these users come and go, and no others. Returns those who are online.
    pub async fn watch(&self, sid: Sid, user_ids: Vec<UserId>) -> Result<Vec<UserId>> {
        let unknown = self.change(|state| state.watch_connected(sid, &user_ids));
        self.fill(sid, &unknown).await?;
        Ok(self.change(|state| state.answer_connected(sid, user_ids)))
    }

    /// From now on the socket of the user is sent the presence of these users, and no others, when it changes. Returns how
    /// it is. `checked`: when it was ensured that they share a room.
    pub async fn watch_presence(
        &self,
        sid: Sid,
        asker: &UserId,
        user_ids: &[UserId],
        checked: Instant,
    ) -> Result<Vec<PresenceView>> {
        let unknown = self.change(|state| state.watch_presence(sid, asker, user_ids, checked));
        self.fill(sid, &unknown).await?;
        Ok(self.change(|state| state.answer_presence(sid, asker, user_ids, clock::now())))
    }

    async fn fill(&self, sid: Sid, unknown: &[UserId]) -> Result<()> {
        if unknown.is_empty() {
            return Ok(());
        }
        match db::user_presence::list(&self.db, unknown).await {
            Ok(stored) => {
                self.change(|state| state.fill(unknown, stored));
                Ok(())
            }
            Err(error) => {
                self.unwatch(sid);
                Err(error)
            }
        }
    }

    /// Ends what [`Self::watch`] and [`Self::watch_presence`] began.
    pub fn unwatch(&self, sid: Sid) {
        self.change(|state| state.unwatch(sid));
    }

    /// Returns the presence of users as another user sees it.
    pub async fn list_presence(&self, asker: &UserId, user_ids: &[UserId]) -> Result<Vec<PresenceView>> {
        // A time that is written meanwhile is forgotten here, and may not be in the rows that are read.
        let unwritten: HashMap<UserId, Timestamp> =
            lock(&self.state).list_unwritten_of(user_ids).into_iter().collect();
        let mut stored = db::user_presence::list(&self.db, user_ids).await?;
        let now = clock::now();
        let state = lock(&self.state);
        let view = |user_id: &UserId| {
            let stored = stored.remove(user_id).unwrap_or_default();
            let last_seen = stored.last_seen.max(unwritten.get(user_id).copied());
            state.view(user_id, asker, &StoredPresence { last_seen, ..stored }, now)
        };
        Ok(user_ids.iter().map(view).collect())
    }

    /// Takes over whether a user hides.
    pub fn note_hidden(&self, user_id: &UserId, is_hidden: bool) {
        self.change(|state| state.note_hidden(user_id, is_hidden));
    }

    /// Takes over the status that a user has set.
    pub fn note_status(&self, user_id: &UserId, status: Option<Arc<Status>>) {
        self.change(|state| state.note_status(user_id, status));
    }

    /// A membership of the user has ended.
    pub fn doubt(&self, user_id: &UserId) {
        lock(&self.state).doubt(user_id);
    }

    async fn push(&self) {
        let _in_order = self.pushing.lock().await;
        let changes = lock(&self.state).take_changes();
        for (sid, (came, went)) in changes.connected {
            let view = UsersPresenceView { online: &came, offline: &went };
            self.send(sid, Encoded::new(event::USERS_PRESENCE, &view));
        }
        stream::iter(changes.presence)
            .for_each_concurrent(CONCURRENT, |(sid, user_ids)| async move {
                if let Err(error) = self.ensure_sharing(sid).await {
                    error.log();
                    self.change(|state| state.changed.extend(user_ids));
                    return;
                }
                let users = lock(&self.state).take_views(sid, &user_ids, clock::now());
                if !users.is_empty() {
                    self.send(
                        sid,
                        Encoded::new(event::PRESENCE_UPDATE, &PresenceUpdateView { users: &users }),
                    );
                }
            })
            .await;
    }

    fn send(&self, sid: Sid, packet: Option<Encoded>) {
        if let (Some(socket), Some(packet)) = (self.broadcast.socket(sid), packet) {
            self.broadcast.send(Target::Sockets(&[socket]), Except::NOBODY, &packet);
        }
    }

    /// Ends the socket's watches of users with whom its user shares no room any more.
    async fn ensure_sharing(&self, sid: Sid) -> Result<()> {
        let now = Instant::now();
        let Some((asker, watched)) = lock(&self.state).due(sid, now, self.ttl) else { return Ok(()) };
        let sharing: HashSet<UserId> =
            db::rooms::list_sharing(&self.db, &asker, &watched).await?.into_iter().collect();
        lock(&self.state).confirm(sid, &watched, &sharing, now);
        Ok(())
    }

    /// Writes when users were last online, those who still are among them.
    pub async fn flush(&self) {
        lock(&self.state).note_all_seen(clock::now());
        while !lock(&self.state).list_unwritten(1).is_empty() {
            if let Err(error) = self.write_seen().await {
                error.log();
                return;
            }
        }
    }

    async fn write_seen(&self) -> Result<()> {
        let seen = lock(&self.state).list_unwritten(MAX_WRITTEN);
        if !seen.is_empty() {
            db::user_presence::note_seen(&self.db, seen.clone()).await?;
            lock(&self.state).note_written(&seen);
        }
        Ok(())
    }
}

/// Ends statuses, and writes when users were last seen.
async fn run(users: Weak<OnlineUsers>) {
    let mut next_write = 0;
    for tick in 1_u64.. {
        sleep(TICK).await;
        let Some(users) = users.upgrade() else { return };
        let now = clock::now();
        users.change(|state| state.end_statuses(now));
        if tick.is_multiple_of(ALL_SEEN_EVERY) {
            lock(&users.state).note_all_seen(now);
        }
        if tick >= next_write
            && let Err(error) = users.write_seen().await
        {
            error.log();
            next_write = tick + PAUSE;
        }
    }
}
