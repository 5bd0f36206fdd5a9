//! Adds log entries for changes that another program has made to a room, and notes from where on the log is complete.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text, Timestamp as SqlTimestamp},
    upsert::excluded,
};
use serde_json::json;

use super::{Entry, EntryBody, note};
use crate::{
    chat::{
        Result,
        id::{MessageId, RoomId},
        timestamp::Timestamp,
    },
    db::{
        Db, in_transaction, on,
        threads::{Settling, find_roots, list_states},
    },
};

/// The messages whose changes could not be logged when they were committed.
const LEFT: &str = "
    SELECT DISTINCT message_id FROM chatoxide.watch_change
    WHERE message_id IS NOT NULL AND xact <> txid_current()";

#[derive(QueryableByName)]
struct LeftRow {
    #[diesel(sql_type = Text)]
    message_id: String,
}

/// Adds entries for changes that are in the database already, as it was read at the entry `after`. Messages that later
/// entries are about are left out: they have changed again.
pub async fn append_foreign(
    db: &Db,
    room_id: &RoomId,
    after: i64,
    changes: Vec<EntryBody>,
    now: Timestamp,
) -> Result<Vec<Entry>> {
    let (room, now) = (room_id.to_string(), now.naive());
    let is_watched = db.facts().is_watched();
    let touched: Vec<&str> = changes.iter().filter_map(come_or_gone).map(MessageId::as_str).collect();
    let replies = find_roots(db, &touched).await?;
    let of_replies = replies.clone();
    let settling = Settling::of(db);
    let entries = in_transaction!($ db write, c => {
        let (mut seq, mut at): (i64, NaiveDateTime) = run!(c.get_result(diesel::insert_into(own::room_head::table)
            .values((own::room_head::room_id.eq(&room), own::room_head::seq.eq(0), own::room_head::at.eq(now)))
            .on_conflict(own::room_head::room_id)
            .do_update()
            .set(own::room_head::room_id.eq(excluded(own::room_head::room_id)))
            .returning((own::room_head::seq, own::room_head::at))));
        let mut touched: Vec<String> = run!(c.load(own::room_log::table
            .filter(own::room_log::room_id.eq(&room).and(own::room_log::seq.gt(after)))
            .select(own::room_log::message_id)));
        if is_watched {
            // Their changes are about to be logged.
            let left: Vec<LeftRow> = run!(c.load(diesel::sql_query(LEFT)));
            touched.extend(left.into_iter().map(|left| left.message_id));
        }
        let mut entries = Vec::new();
        let mut rows = Vec::new();
        for body in &changes {
            let Some(row) = body.row(&note::of_foreign) else { continue };
            // Other programs' changes that are found here are all of messages.
            let Some(message_id) = row.message_id.map(|id| id.to_string()) else { continue };
            if touched.contains(&message_id) {
                continue;
            }
            // The author of a change by another program is unknown: the message's sender stands in.
            let actor = row.actor_id.map(|actor_id| actor_id.to_string()).unwrap_or_default();
            seq += 1;
            at = now.max(at + chrono::TimeDelta::milliseconds(1));
            rows.push((
                own::room_log::room_id.eq(room.clone()),
                own::room_log::seq.eq(seq),
                own::room_log::kind.eq(row.kind.name),
                own::room_log::message_id.eq(message_id),
                own::room_log::actor_id.eq(actor),
                own::room_log::body.eq(row.body),
                own::room_log::at.eq(at),
            ));
            entries.push((seq, body.clone()));
        }
        // The threads of replies that have come or gone are counted anew.
        if !replies.is_empty() {
            let messages = json!(replies.keys().collect::<Vec<_>>()).to_string();
            let roots = json!(replies.values().collect::<Vec<_>>()).to_string();
            run!(c.execute(diesel::sql_query(&settling.settle).bind::<Text, _>(messages)));
            for recount in settling.recount {
                run!(c.execute(diesel::sql_query(*recount).bind::<Text, _>(&roots)));
            }
        }
        // The number of values that one statement may bind is limited.
        while !rows.is_empty() {
            let part: Vec<_> = rows.drain(..rows.len().min(1_000)).collect();
            run!(c.execute(diesel::insert_into(own::room_log::table).values(part)));
        }
        if !entries.is_empty() {
            run!(c.execute(diesel::update(own::room_head::table.find(&room)).set((
                own::room_head::seq.eq(seq),
                own::room_head::at.eq(at),
                own::room_head::complete_from.eq(seq),
            ))));
        }
        Ok(entries)
    })?;
    let roots = list_states(db, of_replies.values().cloned().collect()).await?;
    Ok(entries
        .into_iter()
        .map(|(seq, body)| {
            let root_id = come_or_gone(&body).and_then(|id| of_replies.get(id));
            let root = root_id.and_then(|root_id| roots.get(root_id)).cloned();
            Entry { room_id: room_id.clone(), seq, body, root }
        })
        .collect())
}

/// The message of a change that adds or deletes one.
fn come_or_gone(change: &EntryBody) -> Option<&MessageId> {
    match change {
        EntryBody::New(_) | EntryBody::Deleted(_) => change.message_id(),
        _ => None,
    }
}

const NOTE_INCOMPLETE_PG: &str = "
    INSERT INTO chatoxide.room_head AS head (room_id, seq, at, complete_from) VALUES ($1, 0, $3, $2)
    ON CONFLICT (room_id) DO UPDATE SET complete_from = greatest(head.complete_from, excluded.complete_from)";
const NOTE_INCOMPLETE_LITE: &str = "
    INSERT INTO chatoxide_room_head (room_id, seq, at, complete_from) VALUES (?1, 0, ?3, ?2)
    ON CONFLICT (room_id) DO UPDATE SET complete_from = max(complete_from, excluded.complete_from)";

/// Notes that a room's log is complete only from an entry on.
pub async fn note_incomplete(db: &Db, room_id: &RoomId, complete_from: i64, now: Timestamp) -> Result<()> {
    let statement = if matches!(db, Db::Pg { .. }) { NOTE_INCOMPLETE_PG } else { NOTE_INCOMPLETE_LITE };
    on!(db.writer, c => {
        let note = diesel::sql_query(statement)
            .bind::<Text, _>(room_id.as_str())
            .bind::<BigInt, _>(complete_from)
            .bind::<SqlTimestamp, _>(now.naive());
        diesel_async::RunQueryDsl::execute(note, c).await.map(drop)?
    })
}
