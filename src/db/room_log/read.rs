//! Reads the log for catch-up: missed entries, as they would have been sent live.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use diesel::{
    dsl::{min, sql},
    prelude::*,
    sql_types::Bool,
};

use super::{
    Entry, EntryBody,
    changes::{find_kind, kind},
    tail::{Logged, logged},
};
use crate::{
    chat::{
        Result,
        id::{MessageId, RoomId, seq_of_ordered_uuid},
    },
    db::{
        Db,
        columns::Columns,
        ids::Id,
        in_transaction,
        messages::{MessageRow, NamedRow},
        reactions::{ReactionRow, is_whole},
        schema::{messages, reactions, users},
        threads::{find_roots, list_states, root_of},
    },
    protocol::{MessageView, ReactionView, ThreadRootView},
};

/// The result of [`entries_since`], read in one snapshot.
pub struct LogPage {
    pub entries: Vec<Entry>,
    /// The last entry of the room's log.
    pub head: i64,
    /// Some changes after the requested entry are not in the log: it never had them, or retention has deleted them.
    pub is_forgotten: bool,
}

/// The rows that some entries are built from, read in one snapshot.
struct Found {
    head: i64,
    complete_from: i64,
    oldest: Option<i64>,
    entries: Vec<Logged>,
    messages: Vec<NamedRow>,
    reactions: Vec<ReactionRow>,
    /// The entries that added a reaction which still exists.
    added: Vec<Logged>,
}

/// The entries after `after` and before `before`, in order.
pub async fn list_between(db: &Db, room_id: &RoomId, after: i64, before: i64) -> Result<Vec<Entry>> {
    let found = find(db, room_id, after, before, i64::MAX).await?;
    let threads = Threads::read(db, &found).await?;
    Ok(build(room_id, found, &threads, &db.facts().columns()))
}

/// At most `limit` entries after `after`, in order.
pub async fn entries_since(db: &Db, room_id: &RoomId, after: i64, limit: usize) -> Result<LogPage> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = find(db, room_id, after, i64::MAX, limit).await?;
    let head = found.head;
    let is_forgotten =
        after < found.complete_from || head > after && found.oldest.is_none_or(|oldest| oldest > after + 1);
    let threads = Threads::read(db, &found).await?;
    Ok(LogPage { entries: build(room_id, found, &threads, &db.facts().columns()), head, is_forgotten })
}

async fn find(db: &Db, room_id: &RoomId, after: i64, before: i64, limit: i64) -> Result<Found> {
    let room = room_id.to_string();
    in_transaction!($ db snapshot, c => {
        let head: Option<(i64, i64)> = run!(c.load(own::room_head::table
            .find(&room)
            .select((own::room_head::seq, own::room_head::complete_from)))).pop();
        let (head, complete_from) = head.unwrap_or_default();
        let oldest: Option<i64> = run!(c.get_result(own::room_log::table
            .filter(own::room_log::room_id.eq(&room))
            .select(min(own::room_log::seq))));
        let entries: Vec<Logged> = run!(c.load(own::room_log::table
            .filter(own::room_log::room_id.eq(&room))
            .filter(own::room_log::seq.gt(after).and(own::room_log::seq.lt(before)))
            .order(own::room_log::seq)
            .limit(limit)
            .select(logged!())));
        let mut ids: Vec<&str> = entries
            .iter()
            .filter(|entry| entry.has_message())
            .map(|entry| entry.message_id.as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let mut found_messages: Vec<NamedRow> = Vec::new();
        let mut found_reactions: Vec<ReactionRow> = Vec::new();
        // SQLite binds each id separately, and the number of parameters is limited.
        for ids in ids.chunks(10_000) {
            let page: Vec<NamedRow> = run!(c.load(messages::table
                .inner_join(users::table)
                .filter(messages::id.eq_any(ids.iter().map(|id| Id(id))))
                .select((MessageRow::as_select(), users::name))));
            found_messages.extend(page);
            let page: Vec<ReactionRow> = run!(c.load(reactions::table
                .filter(reactions::message_id.eq_any(ids.iter().map(|id| Id(id))).and(is_whole()))
                .order(reactions::id)));
            found_reactions.extend(page);
        }
        let seqs: Vec<i64> =
            found_reactions.iter().filter_map(|row| seq_of_ordered_uuid(&row.id)).map(i64::from).collect();
        let mut added = Vec::new();
        for seqs in seqs.chunks(10_000) {
            let page: Vec<Logged> = run!(c.load(own::room_log::table
                .filter(own::room_log::room_id.eq(&room).and(own::room_log::kind.eq(kind::REACT)))
                .filter(own::room_log::seq.eq_any(seqs))
                .select(logged!())));
            added.extend(page);
        }
        // Only the ids of this server's reactions have the number of their entry. Those of others are looked for among
        // the later entries.
        let known: HashSet<_> = added.iter().map(key_of).collect();
        let is_known = |row: &ReactionRow| {
            known.contains(&(row.message_id.as_str(), row.user_id.as_str(), row.emoji.as_str()))
        };
        if !found_reactions.iter().all(is_known) {
            for ids in ids.chunks(10_000) {
                // The kind stands in the text, so that the index of these entries serves.
                let page: Vec<Logged> = run!(c.load(own::room_log::table
                    .filter(sql::<Bool>("kind = 'react'").and(own::room_log::message_id.eq_any(ids)))
                    .filter(own::room_log::room_id.eq(&room).and(own::room_log::seq.gt(after)))
                    .order(own::room_log::seq)
                    .select(logged!())));
                added.extend(page);
            }
        }
        Ok(Found {
            head,
            complete_from,
            oldest,
            entries,
            messages: found_messages,
            reactions: found_reactions,
            added,
        })
    })
}

/// The threads of the new and the deleted messages of some entries, in their present state: it is absolute, so it may be
/// newer than the entries.
struct Threads {
    roots: HashMap<MessageId, Arc<ThreadRootView>>,
    /// The deleted messages that belonged to threads, with their roots.
    gone: HashMap<MessageId, MessageId>,
}

impl Threads {
    async fn read(db: &Db, found: &Found) -> Result<Self> {
        let deleted = found.entries.iter().filter(|entry| entry.kind == kind::DELETE);
        let deleted: Vec<&str> = deleted.map(|entry| entry.message_id.as_str()).collect();
        let gone = find_roots(db, &deleted).await?;
        let answered = found.messages.iter().filter_map(|(row, _)| root_of(row.thread.as_deref()));
        let roots = list_states(db, answered.chain(gone.values().cloned()).collect()).await?;
        Ok(Self { roots, gone })
    }

    fn root_of(&self, body: &EntryBody) -> Option<Arc<ThreadRootView>> {
        let root_id = match body {
            EntryBody::New(new) => &new.0.thread.as_ref()?.root_id,
            EntryBody::Deleted(deleted) => self.gone.get(&deleted.0)?,
            _ => return None,
        };
        self.roots.get(root_id).cloned()
    }
}

/// The message, user and emoji of an entry that adds a reaction.
fn key_of(entry: &Logged) -> (&str, &str, &str) {
    (&entry.message_id, &entry.actor_id, entry.body.as_deref().unwrap_or_default())
}

/// Builds the entries. New and edited messages are sent in their present state, without the reactions that a later
/// entry adds: a client that applies both would have them twice.
fn build(room_id: &RoomId, found: Found, threads: &Threads, columns: &Columns) -> Vec<Entry> {
    let added_at: HashMap<(&str, &str, &str), i64> =
        found.added.iter().map(|entry| (key_of(entry), entry.seq)).collect();
    let mut reactions: HashMap<&str, Vec<(ReactionView, i64)>> = HashMap::new();
    for row in &found.reactions {
        let key = (row.message_id.as_str(), row.user_id.as_str(), row.emoji.as_str());
        let seq = added_at.get(&key).copied().unwrap_or(0);
        reactions.entry(&row.message_id).or_default().push((row.clone().into(), seq));
    }
    let messages: HashMap<&str, &NamedRow> =
        found.messages.iter().map(|found| (found.0.id.as_str(), found)).collect();
    let view = |id: &str, seq: i64| -> Option<MessageView> {
        let (row, name) = messages.get(id)?;
        let its = reactions.get(id).map_or(&[][..], Vec::as_slice);
        let its = its.iter().filter(|(_, added)| *added <= seq).map(|(reaction, _)| reaction.clone());
        let name = name.as_deref().unwrap_or(&row.sender_id);
        Some(row.clone().without_creation(columns).into_view(name.into(), its.collect()))
    };
    let entry = |stored: &Logged| {
        let seq = stored.seq;
        // A newer server may have written a kind that is not known here: there is nothing to send for it.
        let body = find_kind(&stored.kind)
            .map_or(EntryBody::Tombstone, |kind| (kind.read)(stored, &|| view(&stored.message_id, seq)));
        let root = threads.root_of(&body);
        Entry { room_id: room_id.clone(), seq, body, root }
    };
    found.entries.iter().map(entry).collect()
}
