//! Answers clients that catch up: the entries that they have missed, and whether the log has all that happened.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Rooms,
    registry::Phase,
    room::{Freshness, RoomState},
};
use crate::{
    chat::{
        Result,
        id::{RoomId, UserId},
    },
    db::{
        self, Db,
        room_log::{LogPage, has_incomplete_logs},
    },
    sync::lock,
};

/// Another node may find changes of other programs: it is looked for them again after this long.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The server's knowledge of other programs that write to the database.
#[derive(Default)]
pub(super) struct OtherPrograms {
    /// Their changes were found while this server runs.
    were_found: AtomicBool,
    /// When no log was found to be incomplete, on this node or another.
    looked_at: Mutex<Option<Instant>>,
    /// The database tells this server of each of their changes.
    are_told: AtomicBool,
}

impl OtherPrograms {
    pub(super) fn note_found(&self) {
        self.were_found.store(true, Ordering::Relaxed);
    }

    pub(super) fn note_told(&self, are_told: bool) {
        self.are_told.store(are_told, Ordering::Relaxed);
    }

    pub(super) fn are_told(&self, db: &Db) -> bool {
        self.are_told.load(Ordering::Relaxed) && db.facts().is_watched()
    }

    /// True if another program is known to have written. If that cannot be read, it may have.
    pub(super) async fn have_written(&self, db: &Db) -> bool {
        if self.were_found.load(Ordering::Relaxed) {
            return true;
        }
        let is_recent = |at: Instant| at.elapsed() < LOOK_AGAIN;
        if lock(&self.looked_at).is_some_and(is_recent) {
            return false;
        }
        let begun = Instant::now();
        match has_incomplete_logs(db).await {
            Ok(true) => {
                self.note_found();
                true
            }
            Ok(false) => {
                *lock(&self.looked_at) = Some(begun);
                false
            }
            Err(error) => {
                error.log();
                true
            }
        }
    }
}

impl Rooms {
    /// Returns at most `limit` entries of a room after `after`, from memory if possible. The room is compared with the
    /// database first, unless the database tells of changes by itself. `reader` is the user who asks.
    pub async fn entries_since(
        &self,
        room_id: &RoomId,
        reader: &UserId,
        after: i64,
        limit: usize,
    ) -> Result<LogPage> {
        let asked = Instant::now();
        let freshness = match self.others.are_told(&self.db) {
            true => Freshness::Interval,
            false => Freshness::Since(asked),
        };
        let cell = self.live_cell(room_id, None, freshness).await?;
        let is_whole = matches!(&*lock(&cell.phase), Phase::Live(live) if live.is_complete());
        let may_differ = !is_whole && self.others.have_written(&self.db).await;
        let (mut is_certain, mut complete_from) = (false, 0);
        if let Phase::Live(live) = &mut *lock(&cell.phase) {
            self.mark_idle_if_empty(room_id, &cell, live);
            is_certain = self.is_certain(live, asked, may_differ);
            // It may not be stored yet.
            complete_from = live.complete_from();
            if let Some(entries) = live.entries_since(after, limit) {
                // A reader who is in the room would otherwise be sent these entries twice.
                let outgoing = live.audience.catch_up(reader);
                self.carry_out(room_id, &cell, outgoing);
                let is_forgotten = !is_certain || after < complete_from;
                return Ok(LogPage { entries, head: live.seq(), is_forgotten });
            }
        }
        let mut page = db::room_log::entries_since(&self.db, room_id, after, limit).await?;
        if let Phase::Live(live) = &mut *lock(&cell.phase)
            && live.seq() >= after
        {
            // The same here: pending entries are sent first, and later ones, which are about to be sent, are left out.
            let outgoing = live.audience.catch_up(reader);
            self.carry_out(room_id, &cell, outgoing);
            page.entries.retain(|entry| entry.seq <= live.seq());
            page.head = page.head.min(live.seq());
        }
        page.is_forgotten |= !is_certain || after < complete_from;
        Ok(page)
    }

    /// True if the log has all changes that other programs have committed before a client has asked. `may_differ`: they
    /// may have changed messages that are not in memory, which no comparison sees.
    fn is_certain(&self, live: &RoomState, asked: Instant, may_differ: bool) -> bool {
        if self.settings.compare_interval.is_none() {
            return true;
        }
        if self.others.are_told(&self.db) {
            return live.compared.is_known();
        }
        live.compared.is_known_since(asked) && (live.is_complete() || !may_differ)
    }
}
