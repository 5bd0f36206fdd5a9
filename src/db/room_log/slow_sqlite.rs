//! The slow path on SQLite: any changes, in one transaction. A statement costs no round trip there, so each change is
//! made when its turn comes.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDateTime;
use diesel::{QueryResult, dsl::max, prelude::*, sqlite::SqliteConnection, upsert::excluded};

use super::{
    Append, Appended, Change, KnownRow,
    batch::{AppendBatch, Done, Remembered},
    reactions::is_full,
    stored::{Agreement, tell_as_stored},
};
use crate::{
    chat::{
        Error, Result,
        id::{MessageId, RoomId},
    },
    db::{
        Db,
        error::KEPT_OUT,
        messages::MessageRow,
        on_lease,
        reactions::ReactionRow,
        schema::{lite as own, messages, reactions},
    },
};

pub(super) async fn run(
    db: &Db,
    batch: Arc<[Append]>,
    left: HashMap<RoomId, Remembered>,
    now: NaiveDateTime,
) -> Result<Done> {
    let Db::Lite { writer, .. } = db else { return Err(Error::Internal("not a SQLite database".to_owned())) };
    let has_triggers = db.facts().changes_messages();
    let append = async {
        on_lease!(once writer db writer, connection => connection
            .spawn_blocking(move |connection| {
                connection.immediate_transaction(|c| append(c, &batch, &left, (now, has_triggers)))
            })
            .await?)
    };
    db.within_timeout(Box::pin(append)).await
}

fn append(
    c: &mut SqliteConnection,
    batch: &[Append],
    left: &HashMap<RoomId, Remembered>,
    (now, has_triggers): (NaiveDateTime, bool),
) -> QueryResult<Done> {
    let mut writes = AppendBatch::default();
    for append in batch {
        if !writes.heads.contains_key(&append.room_id) {
            let head = find_head(c, &append.room_id, now)?;
            writes.open(&append.room_id, head, left.get(&append.room_id).copied(), now);
        }
    }
    list_known(c, batch)?.into_iter().for_each(|row| writes.knows(row));
    for append in batch {
        change(c, append, &mut writes, now)?;
    }
    write_messages(c, &writes)?;
    if has_triggers {
        let ids = writes.log.iter().map(|entry| entry.message_id.as_str());
        let stored: Vec<MessageRow> =
            messages::table.filter(messages::id.eq_any(ids)).select(MessageRow::as_select()).load(c)?;
        if tell_as_stored(&mut writes.outcomes, stored) != Agreement::Whole {
            return Err(KEPT_OUT);
        }
        writes.note_as_stored();
    }
    write_log(c, &writes)?;
    Ok(writes.done())
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
    let newest: Option<NaiveDateTime> = messages::table
        .filter(messages::room_id.eq(room_id))
        .select(max(messages::created_at))
        .get_result(c)?;
    Ok((seq, newest.unwrap_or(NaiveDateTime::MIN)))
}

fn list_known(c: &mut SqliteConnection, batch: &[Append]) -> QueryResult<Vec<KnownRow>> {
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

fn change(
    c: &mut SqliteConnection,
    append: &Append,
    writes: &mut AppendBatch,
    now: NaiveDateTime,
) -> QueryResult<()> {
    let (room_id, actor_id) = (append.room_id.as_str(), append.actor_id.as_str());
    match &append.change {
        Change::New(message) => writes.new_message(append, message),
        Change::Edit { message_id, content } => {
            let edited = diesel::update(messages::table)
                .filter(messages::id.eq(message_id.as_str()))
                .filter(messages::room_id.eq(room_id).and(messages::sender_id.eq(actor_id)))
                .set((messages::content.eq(content), messages::updated_at.eq(Some(now))))
                .returning(MessageRow::as_returning())
                .load(c)?;
            let Some(row) = edited.into_iter().next() else {
                if is_theirs(c, message_id, append)? {
                    return Err(KEPT_OUT);
                }
                writes.nothing(Appended::NotFound);
                return Ok(());
            };
            let on_it = reactions::table
                .filter(reactions::message_id.eq(message_id.as_str()))
                .order(reactions::id)
                .load(c)?;
            writes.edited(append, row, on_it);
        }
        Change::Delete { message_id } => {
            if !is_theirs(c, message_id, append)? {
                writes.nothing(Appended::NotFound);
                return Ok(());
            }
            let on_it = reactions::message_id.eq(message_id.as_str());
            diesel::delete(reactions::table).filter(on_it).execute(c)?;
            if diesel::delete(messages::table.find(message_id.as_str())).execute(c)? == 0 {
                return Err(KEPT_OUT);
            }
            writes.deleted(append, message_id);
        }
        Change::React { message_id, emoji } => {
            let there: i64 = messages::table
                .filter(messages::id.eq(message_id.as_str()).and(messages::room_id.eq(room_id)))
                .count()
                .get_result(c)?;
            let row = ReactionRow {
                id: writes.next_id(&append.room_id).to_string(),
                message_id: message_id.to_string(),
                user_id: actor_id.to_owned(),
                emoji: emoji.to_string(),
            };
            if there == 0 {
                writes.nothing(Appended::NotFound);
                return Ok(());
            }
            if is_full(c, &row)? {
                let is_there = is_on(c, &row)?;
                writes.nothing(if is_there { Appended::Unchanged } else { Appended::TooManyReactions });
                return Ok(());
            }
            let added =
                diesel::insert_into(reactions::table).values(&row).on_conflict_do_nothing().execute(c)?;
            match added {
                // A trigger has dropped the row, or changed it.
                _ if !is_on(c, &row)? => return Err(KEPT_OUT),
                0 => writes.nothing(Appended::Unchanged),
                _ => writes.reaction(append, message_id, emoji, true),
            }
        }
        Change::Unreact { message_id, emoji } => {
            let its = reactions::message_id.eq(message_id.as_str()).and(reactions::user_id.eq(actor_id));
            let its = its.and(reactions::emoji.eq(emoji.as_ref()));
            let deleted = diesel::delete(reactions::table).filter(its).execute(c)?;
            if reactions::table.filter(its).count().get_result::<i64>(c)? > 0 {
                return Err(KEPT_OUT);
            }
            match deleted {
                0 => writes.nothing(Appended::Unchanged),
                _ => writes.reaction(append, message_id, emoji, false),
            }
        }
    }
    Ok(())
}

/// True if the user has this reaction on the message already.
fn is_on(c: &mut SqliteConnection, row: &ReactionRow) -> QueryResult<bool> {
    let its = reactions::message_id.eq(&row.message_id).and(reactions::user_id.eq(&row.user_id));
    let found: i64 =
        reactions::table.filter(its.and(reactions::emoji.eq(&row.emoji))).count().get_result(c)?;
    Ok(found > 0)
}

/// True if the message exists and is the actor's.
fn is_theirs(c: &mut SqliteConnection, message_id: &MessageId, append: &Append) -> QueryResult<bool> {
    let found: i64 = messages::table
        .filter(messages::id.eq(message_id.as_str()).and(messages::room_id.eq(append.room_id.as_str())))
        .filter(messages::sender_id.eq(append.actor_id.as_str()))
        .count()
        .get_result(c)?;
    Ok(found > 0)
}

fn write_messages(c: &mut SqliteConnection, writes: &AppendBatch) -> QueryResult<()> {
    if !writes.messages.is_empty() {
        let rows: Vec<_> = writes.messages.iter().map(|message| MessageRow::from(&**message)).collect();
        if diesel::insert_into(messages::table).values(rows).execute(c)? < writes.messages.len() {
            return Err(KEPT_OUT);
        }
    }
    Ok(())
}

/// Writes the entries of the log, and the heads.
fn write_log(c: &mut SqliteConnection, writes: &AppendBatch) -> QueryResult<()> {
    if !writes.log.is_empty() {
        let row = |row: &super::batch::LogEntry| {
            (
                own::room_log::room_id.eq(row.room_id.to_string()),
                own::room_log::seq.eq(row.seq),
                own::room_log::kind.eq(row.kind),
                own::room_log::message_id.eq(row.message_id.to_string()),
                own::room_log::actor_id.eq(row.actor_id.to_string()),
                own::room_log::client_id.eq(row.client_id.clone()),
                own::room_log::body.eq(row.body.clone()),
                own::room_log::at.eq(row.at),
            )
        };
        let rows: Vec<_> = writes.log.iter().map(row).collect();
        diesel::insert_into(own::room_log::table).values(rows).execute(c)?;
    }
    for (room_id, head) in writes.heads.iter().filter(|(_, head)| head.advanced) {
        diesel::update(own::room_head::table.find(room_id.as_str()))
            .set((own::room_head::seq.eq(head.seq), own::room_head::at.eq(head.at)))
            .execute(c)?;
    }
    Ok(())
}
