//! The search index follows the rooms' logs behind the commits: a background task is told which rooms have new entries, and
//! indexes these first, then the history of rooms that is not indexed yet. What it has done is stored with the index, so that
//! a restart, or another node, goes on where it ended.

mod pending;
mod slots;
mod slow;

use std::{
    collections::HashSet,
    slice,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

pub use self::slots::SearchSlots;
use self::{pending::Pending, slow::SlowRooms};
use crate::{
    chat::{Error, Result, id::RoomId},
    db::{
        Db,
        search::{self, Followed, Written},
    },
    metrics::Instruments,
    sync::lock,
};

/// How long an entry waits for others before it is indexed.
const COLLECT: Duration = Duration::from_millis(50);
/// The interval at which all rooms are looked at, for entries that this node was not told of, and for new rooms.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);
/// The wait before a room that another node is indexing is looked at again.
const OTHERS_TURN: Duration = Duration::from_millis(500);
/// The waits after a failure: the first, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The rooms that are followed, and whose history is indexed, in one transaction.
const ROOMS_FOLLOWED: usize = 32;
const ROOMS_FILLED: usize = 8;
/// The rooms at whose newest messages the task looks at once.
const ROOMS_CHECKED: usize = 500;
/// The rooms that are found behind their logs at once.
const ROOMS_BEHIND: i64 = 10_000;
/// The bounds of the rest after a page of history.
const MIN_REST: Duration = Duration::from_millis(5);
const MAX_REST: Duration = Duration::from_secs(5);
/// Between two log lines about progress.
const REPORT_INTERVAL: Duration = Duration::from_secs(30);

/// Tells the task which rooms have new entries. Cheap to clone; without search it tells nobody.
#[derive(Clone, Default)]
pub struct Indexer(Option<Arc<Shared>>);

#[derive(Default)]
struct Shared {
    pending: Mutex<Pending>,
    wake: Notify,
}

impl Indexer {
    /// An indexer that notes what it is told until [`Self::run`] begins.
    pub fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// Notes that a room has new entries.
    pub fn note(&self, room_id: &RoomId) {
        let Some(shared) = &self.0 else { return };
        if lock(&shared.pending).add(room_id, Instant::now()) {
            shared.wake.notify_one();
        }
    }

    /// Notes that any room may have new entries.
    pub fn note_any(&self) {
        let Some(shared) = &self.0 else { return };
        lock(&shared.pending).look();
        shared.wake.notify_one();
    }

    /// Notes that other programs may have written in these rooms, without an entry in the log. Their newest messages are
    /// looked at, at most once in a while.
    pub fn note_doubts<'a>(&self, room_ids: impl IntoIterator<Item = &'a RoomId>) {
        let Some(shared) = &self.0 else { return };
        let now = Instant::now();
        let mut pending = lock(&shared.pending);
        if room_ids.into_iter().filter(|room_id| pending.doubt(room_id, now)).count() > 0 {
            shared.wake.notify_one();
        }
    }

    /// Indexes until `ended`.
    pub async fn run(self, db: Db, instruments: Instruments, ended: CancellationToken) {
        let Some(shared) = self.0 else { return };
        let task = Task {
            shared,
            db,
            instruments,
            reported: None,
            is_told: false,
            failed: HashSet::new(),
            slow: SlowRooms::new(search::PAGE),
            has_work: true,
        };
        tokio::select! {
            () = ended.cancelled() => {}
            () = task.run() => {}
        }
    }
}

struct Task {
    shared: Arc<Shared>,
    db: Db,
    instruments: Instruments,
    /// When progress was last read; none: there is nothing to report.
    reported: Option<Instant>,
    /// Progress was logged.
    is_told: bool,
    /// Rooms whose history cannot be indexed, such as one with a row that cannot be read.
    failed: HashSet<RoomId>,
    /// Rooms whose history takes too long.
    slow: SlowRooms,
    /// There may be history to index.
    has_work: bool,
}

impl Task {
    async fn run(mut self) {
        let mut wait = FIRST_WAIT;
        let mut next_look = Instant::now();
        loop {
            match self.step(&mut next_look).await {
                Ok(()) => wait = FIRST_WAIT,
                Err(error) => {
                    tracing::warn!(cause = error.cause(), "the search index could not be brought up to date");
                    next_look = Instant::now();
                    sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    async fn step(&mut self, next_look: &mut Instant) -> Result<()> {
        let is_told = lock(&self.shared.pending).take_look();
        if is_told || Instant::now() >= *next_look {
            self.look().await?;
            *next_look = Instant::now() + LOOK_INTERVAL;
        }
        self.follow().await?;
        self.check_doubts().await?;
        if self.has_work && !self.lacks_index() {
            self.fill().await
        } else {
            let due = lock(&self.shared.pending).next_due().map_or(*next_look, |due| due.min(*next_look));
            let _noted = timeout_at(due, self.shared.wake.notified()).await;
            sleep(COLLECT).await;
            Ok(())
        }
    }

    /// Without an index on time, each page of a room's history would read the whole table: that is left to `reindex`.
    fn lacks_index(&self) -> bool {
        self.db.facts().lacks_index()
    }

    /// Looks at all rooms.
    async fn look(&mut self) -> Result<()> {
        while search::remove_deleted_rooms(&self.db).await? > 0 {}
        while search::add_new_rooms(&self.db, None).await? >= search::MAX_ADDED {}
        let behind = search::list_behind(&self.db, ROOMS_BEHIND).await?;
        let now = Instant::now();
        let mut pending = lock(&self.shared.pending);
        behind.iter().for_each(|room_id| {
            pending.add(room_id, now);
        });
        self.has_work = true;
        Ok(())
    }

    /// Begins the history again of rooms in which other programs have written.
    async fn check_doubts(&mut self) -> Result<()> {
        let rooms = lock(&self.shared.pending).take_doubts(ROOMS_CHECKED);
        if !rooms.is_empty() && !self.lacks_index() {
            self.has_work |= search::refill_behind(&self.db, &rooms).await? > 0;
        }
        Ok(())
    }

    /// Indexes what the logs of the rooms have, of which the task was told.
    async fn follow(&mut self) -> Result<()> {
        loop {
            let taken = lock(&self.shared.pending).take(ROOMS_FOLLOWED, Instant::now());
            self.instruments.note_search_lag(taken.oldest.map_or(Duration::ZERO, |since| since.elapsed()));
            if taken.rooms.is_empty() {
                return Ok(());
            }
            match self.follow_rooms(&taken.rooms, taken.oldest).await {
                Ok(()) => {}
                Err(error @ Error::Unavailable(_)) => {
                    lock(&self.shared.pending).put_back(taken);
                    return Err(error);
                }
                // A row of one room may be at fault: the others are indexed without it.
                Err(_) => {
                    for room_id in &taken.rooms {
                        if let Err(error) = self.follow_rooms(slice::from_ref(room_id), taken.oldest).await {
                            tracing::warn!(room = %room_id, cause = error.cause(), "a room is not indexed");
                            let again = Instant::now() + LONGEST_WAIT;
                            lock(&self.shared.pending).later(vec![room_id.clone()], again);
                        }
                    }
                }
            }
        }
    }

    async fn follow_rooms(&mut self, room_ids: &[RoomId], since: Option<Instant>) -> Result<()> {
        let Followed { written, refilled } = search::follow(&self.db, room_ids).await?;
        self.instruments.search_indexed.inc_by(written.messages as u64);
        let is_seen = |room_id: &&RoomId| !written.done.contains(room_id) && !written.more.contains(room_id);
        let unseen: Vec<RoomId> = room_ids.iter().filter(is_seen).cloned().collect();
        let mut there = Vec::new();
        if !unseen.is_empty() {
            self.has_work |= search::add_new_rooms(&self.db, Some(&unseen)).await? > 0;
            // Those that are new, or that another node is indexing; the others do not exist.
            there = search::list_rooms(&self.db, &unseen).await?;
        }
        self.has_work |= !refilled.is_empty();
        let mut pending = lock(&self.shared.pending);
        pending.again(&written.more, since);
        let there = there.into_iter().map(|room| room.room_id).collect();
        pending.later(there, Instant::now() + OTHERS_TURN);
        Ok(())
    }

    /// Indexes the next pages of history, then leaves the database to others for a while.
    async fn fill(&mut self) -> Result<()> {
        let begun = Instant::now();
        let limit = ROOMS_FILLED + self.failed.len() + self.slow.count_waiting(begun);
        let mut rooms = search::list_unfilled(&self.db, limit).await?;
        rooms.retain(|room_id| !self.failed.contains(room_id));
        let (rooms, page) = self.slow.choose(rooms, ROOMS_FILLED, begun);
        if rooms.is_empty() {
            self.has_work = false;
            self.report_end();
            return Ok(());
        }
        self.report().await?;
        let written = match search::fill(&self.db, &rooms, page).await {
            Ok(written) => written,
            // The database is away, or one of the pages takes too long: then it is the turn of others.
            Err(error @ Error::Unavailable(_)) => {
                self.slow.note_failure(&rooms, Instant::now());
                return Err(error);
            }
            Err(_) => self.fill_one_by_one(&rooms, page).await,
        };
        self.slow.note_success(&written.done);
        self.instruments.search_indexed.inc_by(written.messages as u64);
        let rest = match written.messages {
            0 if written.done.is_empty() => OTHERS_TURN,
            _ => rest_after(begun.elapsed()),
        };
        sleep(rest).await;
        Ok(())
    }

    /// Leaves out rooms that fail.
    async fn fill_one_by_one(&mut self, room_ids: &[RoomId], page: usize) -> Written {
        let mut all = Written::default();
        for room_id in room_ids {
            match search::fill(&self.db, slice::from_ref(room_id), page).await {
                Ok(written) => {
                    all.messages += written.messages;
                    all.done.extend(written.done);
                }
                Err(error) => {
                    tracing::warn!(room = %room_id, cause = error.cause(), "a room's history is not indexed");
                    self.failed.insert(room_id.clone());
                }
            }
        }
        all
    }

    async fn report(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.reported.is_some_and(|reported| now.duration_since(reported) < REPORT_INTERVAL) {
            return Ok(());
        }
        let progress = search::progress(&self.db).await?;
        self.instruments.note_search_unfilled(progress.unfilled);
        // A single new room is nothing to report.
        if self.is_told || progress.unfilled > 1 {
            let messages = self.instruments.search_indexed.get();
            tracing::info!(
                rooms = progress.unfilled,
                of = progress.rooms,
                messages,
                "search: history is being indexed"
            );
            self.is_told = true;
        }
        self.reported = Some(now);
        Ok(())
    }

    fn report_end(&mut self) {
        if self.reported.take().is_some() {
            self.instruments.note_search_unfilled(i64::try_from(self.failed.len()).unwrap_or(i64::MAX));
        }
        if std::mem::take(&mut self.is_told) {
            tracing::info!("search: all history is indexed");
        }
    }
}

/// Indexes all history that is not indexed yet, without a rest. `show` is told how many messages were indexed.
pub async fn fill_all(db: &Db, mut show: impl FnMut(usize)) -> Result<()> {
    loop {
        let rooms = search::list_unfilled(db, ROOMS_FILLED).await?;
        if rooms.is_empty() {
            return Ok(());
        }
        let written = search::fill(db, &rooms, search::PAGE).await?;
        show(written.messages);
        if written.done.is_empty() && written.more.is_empty() {
            // A server that runs is indexing these.
            sleep(OTHERS_TURN).await;
        }
    }
}

/// How long the database is left to others after a page of history that took `time`: longer when it is busy.
fn rest_after(time: Duration) -> Duration {
    time.clamp(MIN_REST, MAX_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_database_is_left_to_others_for_longer() {
        let rest = |millis| rest_after(Duration::from_millis(millis)).as_millis();
        assert_eq!([0, 20, 600, 60_000].map(rest), [5, 20, 600, 5_000]);
    }
}
