//! Passes other programs' changes, once a watched database has told of them, on to the live rooms and to the sockets in
//! them.

use std::{collections::HashSet, ops::RangeInclusive, sync::Arc};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Rooms,
    registry::{Phase, RoomCell},
};
use crate::{
    access::Access,
    broadcast::Encoded,
    chat::{
        Error, Result,
        id::{RoomId, UserId},
    },
    db::{room_log::list_between, watch::list_heads},
    protocol::{RoomMembersView, event},
    sync::lock,
};

/// Entries that are read at the same time.
const PAGE: i64 = 1_000;
/// Rooms that are read at the same time: others need connections, too.
const CONCURRENT_ROOMS: usize = 4;
/// Rooms that are compared at the same time: they share statements.
const CONCURRENT_COMPARISONS: usize = 256;

impl Rooms {
    fn list_cells(&self) -> Vec<(RoomId, Arc<RoomCell>)> {
        lock(&self.cells).iter().map(|(room_id, cell)| (room_id.clone(), Arc::clone(cell))).collect()
    }

    /// Applies the entries of other programs' changes, which have these numbers, and all between them.
    pub(super) async fn hear_entries(&self, room_id: &RoomId, ranges: &[RangeInclusive<i64>]) -> Result<()> {
        let first = ranges.iter().map(|range| *range.start()).min().unwrap_or(1);
        let last = ranges.iter().map(|range| *range.end()).max().unwrap_or(0);
        let mut after = first.saturating_sub(1);
        self.indexer.note(room_id);
        if !lock(&self.cells).contains_key(room_id) && !self.activity.is_watched() {
            self.node_cache.note_stale(room_id);
            return Ok(());
        }
        while after < last {
            let until = last.min(after.saturating_add(PAGE));
            let entries = list_between(&self.db, room_id, after, until.saturating_add(1)).await?;
            if entries.is_empty() {
                // Any program may notify, also of entries that do not exist.
                break;
            }
            for entry in entries {
                // This server's own entries are passed on by the writer.
                if ranges.iter().any(|range| range.contains(&entry.seq)) {
                    self.committed_externally(&entry).await;
                }
            }
            after = until;
        }
        Ok(())
    }

    /// Brings all live rooms up to the heads of their logs. `is_doubtful`: the messages may also differ from the log,
    /// so the rooms are to be compared with the database when somebody enters them.
    pub(super) async fn look_at_heads(&self, is_doubtful: bool) -> Result<()> {
        self.indexer.note_any();
        let cells = self.list_cells();
        let room_ids: Vec<RoomId> = cells.iter().map(|(room_id, _)| room_id.clone()).collect();
        let heads = list_heads(&self.db, &room_ids).await?;
        for (room_id, cell) in &cells {
            let behind = match &mut *lock(&cell.phase) {
                Phase::Live(live) => {
                    if is_doubtful {
                        live.compared.forget();
                    }
                    let (head, complete_from) = heads.get(room_id).copied().unwrap_or_default();
                    // Before the entries are sent, as for changes that are found by comparison.
                    live.note_complete_from(complete_from);
                    (head > live.seq()).then_some(live.seq())
                }
                _ => None,
            };
            if let Some(seq) = behind {
                self.catch_up(room_id, cell, seq).await?;
                self.node_cache.note_stale(room_id);
            }
        }
        Ok(())
    }

    /// Notes that other programs may have written messages in these rooms that the search index does not have, as while
    /// nobody was in them. A watched database tells of them.
    pub fn note_unindexed<'a>(&self, room_ids: impl IntoIterator<Item = &'a RoomId>) {
        if self.settings.compare_interval.is_some() && !self.db.facts().is_watched() {
            self.indexer.note_doubts(room_ids);
        }
    }

    /// Compares all live rooms with the database.
    pub(super) async fn compare_all(&self) {
        stream::iter(self.list_cells())
            .for_each_concurrent(CONCURRENT_COMPARISONS, async |(room_id, cell)| {
                let _turn = cell.loading.lock().await;
                self.compare(&room_id, &cell).await;
            })
            .await;
    }

    /// Reads a changed room and its members again. If it is live, users who may no longer enter leave it, and the
    /// others are sent the members.
    pub(super) async fn check_access(&self, access: &Access, room_id: &RoomId) -> Result<()> {
        access.invalidate_room(room_id).await;
        access.invalidate_public_rooms().await;
        if !lock(&self.cells).contains_key(room_id) {
            return Ok(());
        }
        let room = match access.room(room_id).await {
            Ok(room) => room,
            Err(Error::RoomNotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        let members = access.list_members(room_id, &room).await?;
        let view = RoomMembersView { room_id, members };
        self.push_notice(room_id, Encoded::new(event::ROOM_MEMBERS, &view));
        Ok(())
    }

    /// Takes over the name of a changed user, and disconnects a deleted one.
    pub(super) async fn check_user(&self, access: &Access, user_id: &UserId) -> Result<()> {
        access.forget_user(user_id).await;
        match access.user_name(user_id).await {
            Ok(name) => {
                for (_, cell) in self.list_cells() {
                    if let Phase::Live(live) = &mut *lock(&cell.phase) {
                        live.rename_sender(user_id, &name);
                    }
                }
                Ok(())
            }
            Err(Error::UserNotFound) => {
                self.disconnect_deleted(user_id);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Disconnects all sockets of a user who is no longer in the database.
    pub fn disconnect_deleted(&self, user_id: &UserId) {
        tracing::info!(user = %user_id, "another program has deleted this user: sockets disconnected");
        self.broadcast.disconnect(user_id);
    }

    /// Reads all live rooms, their members, and the users in them again.
    pub(super) async fn check_access_of_all(&self, access: &Access) -> Result<()> {
        access.forget_all();
        let cells = self.list_cells();
        stream::iter(&cells)
            .map(Ok)
            .try_for_each_concurrent(CONCURRENT_ROOMS, async |(room_id, _)| {
                match access.room(room_id).await {
                    Ok(_) | Err(Error::RoomNotFound) => Ok(()),
                    Err(error) => Err(error),
                }
            })
            .await?;
        let mut present = HashSet::new();
        for (_, cell) in &cells {
            if let Phase::Live(live) = &*lock(&cell.phase) {
                present.extend(live.audience.presence.list_users().cloned());
            }
        }
        for user_id in &present {
            match access.user_name(user_id).await {
                Err(Error::UserNotFound) => self.disconnect_deleted(user_id),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
