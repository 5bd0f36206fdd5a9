//! Hears from a watched database what other programs have changed, and passes it on to the live rooms and to the cache
//! of members and names. It listens on a connection of its own for as long as the database is watched.

use std::{
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
    sync::Weak,
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::Rooms;
use crate::{
    access::Access,
    chat::{
        Error, Result,
        id::{RoomId, UserId},
    },
    db::{
        Db,
        watch::{Listener, Notice, log_left},
    },
};

/// The waits before the connection is opened again: the first, and the longest. Each is twice as long as the last.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The interval at which the connection is tested: a network may drop it without a word.
const TEST_INTERVAL: Duration = Duration::from_secs(15);
/// The most notices that are handled together.
const MAX_NOTICES: usize = 1_024;

/// The notices that are handled together.
#[derive(Default)]
struct Batch {
    entries: BTreeMap<RoomId, Vec<RangeInclusive<i64>>>,
    rooms: HashSet<RoomId>,
    users: HashSet<UserId>,
    has_left: bool,
    looks: bool,
    compares: bool,
    is_any_access: bool,
    /// Notices were lost.
    is_lossy: bool,
}

impl Batch {
    fn of(notices: Vec<Notice>) -> Self {
        let mut batch = Self::default();
        for notice in notices {
            match notice {
                Notice::Entries { room, from, to } => batch.entries.entry(room).or_default().push(from..=to),
                Notice::Room(room_id) => {
                    batch.rooms.insert(room_id);
                }
                Notice::User(user_id) => {
                    batch.users.insert(user_id);
                }
                Notice::Left => batch.has_left = true,
                Notice::Look => batch.looks = true,
                Notice::Compare => batch.compares = true,
                Notice::Access => batch.is_any_access = true,
                Notice::Unknown => batch.is_lossy = true,
            }
        }
        batch
    }

    /// The batch after a time in which nobody listened.
    fn of_anything() -> Self {
        Self::of(vec![Notice::Unknown])
    }

    async fn handle(self, rooms: &Rooms, access: &Access, db: &Db) -> Result<()> {
        if self.is_any_access || self.is_lossy {
            rooms.check_access_of_all(access).await?;
        }
        for room_id in &self.rooms {
            rooms.check_access(access, room_id).await?;
        }
        for user_id in &self.users {
            rooms.check_user(access, user_id).await?;
        }
        if self.has_left || self.is_lossy {
            log_left(db).await?;
        }
        for (room_id, ranges) in &self.entries {
            rooms.hear_entries(room_id, ranges).await?;
        }
        if self.looks || self.compares || self.is_lossy {
            rooms.look_at_heads(self.is_lossy).await?;
        }
        if self.compares {
            rooms.compare_all().await;
        }
        Ok(())
    }
}

/// The owner of the rooms, and what its parts are.
struct Recipient<T, P> {
    owner: Weak<T>,
    parts: P,
    db: Db,
}

impl<T, P: Fn(&T) -> (&Rooms, &Access)> Recipient<T, P> {
    async fn handle(&self, batch: Batch) -> Result<()> {
        let owner = self.owner.upgrade().ok_or(Error::ShuttingDown)?;
        let (rooms, access) = (self.parts)(&owner);
        batch.handle(rooms, access, &self.db).await
    }

    /// Listens whenever the database is watched.
    async fn listen(&self) {
        let mut wait = FIRST_WAIT;
        loop {
            self.db.facts().wait_until_watched(true).await;
            match Listener::open(&self.db).await {
                Ok(Some(listener)) => {
                    let heard = self.hear(listener, &mut wait).await;
                    self.note_told(false);
                    match heard {
                        Ok(()) => continue,
                        Err(error) => {
                            tracing::warn!(cause = error.cause(), "changes by other programs are told later");
                        }
                    }
                }
                Ok(None) => {
                    tracing::warn!(
                        "the database is watched, but this server gets no notifications (PgBouncer, or a \
                         DATABASE_POOL of 1): changes by other programs are told when users join rooms, unless \
                         EXTERNAL_CHANGES is off"
                    );
                    self.db.facts().wait_until_watched(false).await;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(cause = error.cause(), "changes by other programs are told later")
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Notes whether the database tells of changes.
    fn note_told(&self, are_told: bool) {
        if let Some(owner) = self.owner.upgrade() {
            (self.parts)(&owner).0.others.note_told(are_told);
        }
    }

    /// Handles notices until the database is no longer watched. An error means that some may have been missed.
    async fn hear(&self, mut listener: Listener, wait: &mut Duration) -> Result<()> {
        let gone = || Error::Unavailable("the connection for notifications is gone".to_owned());
        // Now that it listens, it looks for all that happened before.
        self.handle(Batch::of_anything()).await?;
        self.note_told(true);
        tracing::info!("listening for changes by other programs");
        *wait = FIRST_WAIT;
        let mut tests = interval(TEST_INTERVAL);
        tests.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                notices = listener.next(MAX_NOTICES) => match notices.as_slice() {
                    [] => return Err(gone()),
                    _ => self.handle(Batch::of(notices)).await?,
                },
                _ = tests.tick() => {
                    if !listener.is_alive().await {
                        return Err(gone());
                    }
                }
                () = self.db.facts().wait_until_watched(false) => {
                    tracing::info!("the database is no longer watched");
                    return Ok(());
                }
            }
        }
    }
}

/// Runs until `ended`. `parts` returns the rooms of the owner, and the access rules.
pub async fn run<T>(
    owner: Weak<T>,
    ended: CancellationToken,
    db: Db,
    parts: impl Fn(&T) -> (&Rooms, &Access),
) {
    let recipient = Recipient { owner, parts, db };
    tokio::select! {
        () = ended.cancelled() => {}
        () = recipient.listen() => {}
    }
}
