//! The slow path on SQLite: any changes, in one transaction. They are made in memory between reading and writing, as on
//! PostgreSQL: see `changes` and `rows`.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDateTime;
use diesel::{QueryResult, dsl::max, prelude::*, sqlite::SqliteConnection, upsert::excluded};

use super::{
    Append, Change, FirstUseRow,
    batch::{AppendBatch, Done, Remembered},
    rows::{Rows, list_stored_sqlite},
    stored::{Agreement, replace_with_stored},
};
use crate::{
    chat::{
        Error, Result,
        id::{MessageId, RoomId},
    },
    db::{
        Db,
        columns::Columns,
        error::{KEPT_OUT, referred_to},
        ids::Id,
        moment::MomentRow,
        on_lease,
        schema::{lite as own, messages},
    },
};

pub(super) async fn run(
    db: &Db,
    batch: Arc<[Append]>,
    left: HashMap<RoomId, Remembered>,
    now: NaiveDateTime,
) -> Result<Done> {
    let Db::Lite { writer, .. } = db else { return Err(Error::Internal("not a SQLite database".to_owned())) };
    let (has_triggers, columns) = (db.facts().changes_messages(), db.facts().columns());
    let only_deletes = batch.iter().all(|append| matches!(append.change, Change::Delete(_)));
    let append = async {
        on_lease!(once writer db writer, connection => connection
            .spawn_blocking(move |connection| {
                connection.immediate_transaction(|c| append(c, &batch, &left, (now, has_triggers, &columns)))
            })
            .await?)
    };
    match db.within_timeout(Box::pin(append)).await {
        // SQLite names no table: a row of the team's refers to a message that is to be deleted.
        Err(Error::RoomNotFound) if only_deletes => Err(referred_to()),
        done => done,
    }
}

fn append(
    c: &mut SqliteConnection,
    appends: &[Append],
    left: &HashMap<RoomId, Remembered>,
    (now, has_triggers, columns): (NaiveDateTime, bool, &Columns),
) -> QueryResult<Done> {
    let mut batch = AppendBatch::default();
    for append in appends {
        if !batch.heads.contains_key(&append.room_id) {
            let head = find_head(c, &append.room_id, now)?;
            batch.open(&append.room_id, head, left.get(&append.room_id).copied(), now);
        }
    }
    list_first_uses(c, appends)?.into_iter().for_each(|row| batch.note_first_use(row));
    let mut rest = appends;
    while !rest.is_empty() {
        let (run, others) = rest.split_at(count_distinct(rest));
        batch.rows = Rows::read_sqlite(c, run)?;
        run.iter().for_each(|append| batch.make(append, now));
        let summaries = batch.rows.write_sqlite(c, columns)?;
        batch.note_threads(&summaries);
        rest = others;
    }
    if has_triggers {
        let ids = batch.log.iter().filter_map(|entry| entry.message_id.as_ref()).map(MessageId::as_str);
        let stored = list_stored_sqlite(c, ids)?;
        if replace_with_stored(&mut batch.outcomes, stored, columns) != Agreement::Whole {
            return Err(KEPT_OUT);
        }
        batch.note_as_stored();
    }
    write_log(c, &batch)?;
    Ok(batch.done())
}

/// Counts the changes, from the first on, that are about different messages. They are written together. A later change of
/// one of these messages is written after them, so that constraints and triggers see each state of a message.
fn count_distinct(appends: &[Append]) -> usize {
    let mut messages = HashSet::new();
    let is_first = |append: &&Append| append.change.message_id().is_none_or(|id| messages.insert(id.clone()));
    appends.iter().take_while(is_first).count()
}

/// Returns the last entry of a room's log, and the time of the room's newest entry or message. Inserts the head if
/// there is none.
fn find_head(
    c: &mut SqliteConnection,
    room_id: &RoomId,
    now: NaiveDateTime,
) -> QueryResult<(i64, NaiveDateTime)> {
    let room_id = room_id.as_str();
    let (seq, at): (i64, NaiveDateTime) = diesel::insert_into(own::room_head::table)
        .values((own::room_head::room_id.eq(room_id), own::room_head::seq.eq(0), own::room_head::at.eq(now)))
        .on_conflict(own::room_head::room_id)
        .do_update()
        .set(own::room_head::room_id.eq(excluded(own::room_head::room_id)))
        .returning((own::room_head::seq, own::room_head::at))
        .get_result(c)?;
    if seq > 0 {
        return Ok((seq, at));
    }
    // A room without entries may have messages already: they are all older than its first entry.
    let newest: Option<MomentRow> = messages::table
        .filter(messages::room_id.eq(Id(room_id)))
        .select(max(messages::created_at))
        .get_result(c)?;
    Ok((seq, newest.map_or(NaiveDateTime::MIN, |newest| newest.at)))
}

fn list_first_uses(c: &mut SqliteConnection, batch: &[Append]) -> QueryResult<Vec<FirstUseRow>> {
    let (actors, client_ids): (Vec<&str>, Vec<&str>) =
        batch.iter().filter_map(|append| Some((append.actor_id.as_str(), append.client_id()?))).unzip();
    if client_ids.is_empty() {
        return Ok(Vec::new());
    }
    own::room_log::table
        .filter(own::room_log::actor_id.eq_any(actors))
        .filter(own::room_log::client_id.eq_any(client_ids))
        .select((
            own::room_log::actor_id,
            own::room_log::client_id,
            own::room_log::message_id,
            own::room_log::body,
            own::room_log::seq,
        ))
        .load(c)
}

/// Writes the entries of the log, and the heads.
fn write_log(c: &mut SqliteConnection, batch: &AppendBatch) -> QueryResult<()> {
    if !batch.log.is_empty() {
        let row = |row: &super::batch::LogEntry| {
            (
                own::room_log::room_id.eq(row.room_id.to_string()),
                own::room_log::seq.eq(row.seq),
                own::room_log::kind.eq(row.kind.name),
                own::room_log::message_id.eq(row.message_text().to_owned()),
                own::room_log::actor_id.eq(row.actor_id.to_string()),
                own::room_log::client_id.eq(row.client_id.clone()),
                own::room_log::body.eq(row.body.clone()),
                own::room_log::at.eq(row.at),
            )
        };
        let rows: Vec<_> = batch.log.iter().map(row).collect();
        if diesel::insert_into(own::room_log::table).values(rows).execute(c)? < batch.log.len() {
            return Err(KEPT_OUT);
        }
    }
    for (room_id, head) in batch.heads.iter().filter(|(_, head)| head.advanced) {
        diesel::update(own::room_head::table.find(room_id.as_str()))
            .set((own::room_head::seq.eq(head.seq), own::room_head::at.eq(head.at)))
            .execute(c)?;
    }
    Ok(())
}
