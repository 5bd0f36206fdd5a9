//! Writing the log: the quick way for new messages on PostgreSQL, the careful way for everything.

use std::{collections::HashMap, pin::pin, sync::Arc};

use chrono::NaiveDateTime;
use diesel::{dsl::max, prelude::*, result::Error as DieselError, upsert::excluded};
use tokio_postgres::error::SqlState;

use super::{
    Append, Appended, Change, KnownRow,
    ledger::{Head, Heads, Key, Known, Ledger, Remembered},
    quick,
    stored::tell_as_stored,
};
use crate::{
    chat::{id::RoomId, timestamp::Timestamp},
    db::{
        Db,
        error::is_refusal,
        facts, in_transaction,
        messages::MessageRow,
        reactions::ReactionRow,
        schema::{messages, reactions},
    },
    error::Result,
};

/// Client ids remembered that their clients use for several messages, at the most.
const REUSED: usize = 10_000;

/// What a transaction came to.
struct Done {
    outcomes: Vec<Appended>,
    heads: HashMap<RoomId, Head>,
    reused: Vec<(Key, Known)>,
}

/// Appends to the log, and remembers what lets the next append take the quick way.
#[derive(Default)]
pub struct Appender {
    heads: Heads,
    /// Client ids that stand for something else than one message to their client, and come again and again. The quick way would
    /// fail on each.
    reused: HashMap<Key, Known>,
    connection: Option<Box<quick::Connection>>,
}

impl Appender {
    /// It has appended to this room before, and so may do it quickly.
    pub fn knows(&self, room_id: &RoomId) -> bool {
        self.heads.is_known(room_id)
    }

    /// Commits all of `batch` at once, in its order, and tells for each what became of it. One failing row fails all: the
    /// caller then appends them one by one. `batch` is sorted by room, so that nodes never wait for each other in a circle.
    pub async fn append(&mut self, db: &Db, batch: Arc<[Append]>, now: Timestamp) -> Result<Vec<Appended>> {
        facts::look_again(db, now);
        if let Some(outcomes) = self.append_quickly(db, &batch, now.naive()).await? {
            return Ok(outcomes);
        }
        let left = self.heads.remembered(&batch);
        let done = append_carefully(db, batch, left, now.naive()).await?;
        self.heads.keep(done.heads);
        self.remember(done.reused);
        Ok(done.outcomes)
    }

    fn remember(&mut self, reused: Vec<(Key, Known)>) {
        if self.reused.len() + reused.len() > REUSED {
            self.reused.clear();
        }
        self.reused.extend(reused);
    }

    /// New messages in rooms that are as they were left take one statement on PostgreSQL. None: take the careful way.
    async fn append_quickly(
        &mut self,
        db: &Db,
        batch: &[Append],
        now: NaiveDateTime,
    ) -> Result<Option<Vec<Appended>>> {
        let Db::Pg { direct: Some(direct), facts, .. } = db else { return Ok(None) };
        // What a trigger makes of a row is seen by reading it, in the same transaction.
        if facts.has_message_triggers() {
            return Ok(None);
        }
        if !batch.iter().all(|append| append.is_new() && self.knows(&append.room_id)) {
            return Ok(None);
        }
        let Some(mut ledger) = self.heads.open(batch, now) else { return Ok(None) };
        for append in batch {
            if let Change::New(message) = &append.change {
                let id = append.client_id().filter(|_| !self.reused.is_empty());
                let key = id.map(|id| (append.actor_id.to_string(), id.to_owned()));
                if let Some((key, known)) = key.and_then(|key| self.reused.get_key_value(&key)) {
                    ledger.known.entry(key.clone()).or_insert_with(|| known.clone());
                }
                ledger.new_message(append, message);
            }
        }
        // A connection that does not answer in time is not put back.
        let connection = self.connection.take().filter(|connection| !connection.is_closed());
        let (connection, written) = {
            // Pinned here: a large future, not to be moved.
            let write = pin!(async {
                let connection = match connection {
                    Some(connection) => connection,
                    None => match quick::Connection::open(direct).await {
                        Ok(connection) => Box::new(connection),
                        Err(error) => return Ok((None, Err(error))),
                    },
                };
                db.statements().inc();
                let written = connection.write(&ledger).await;
                Ok((Some(connection), written))
            });
            db.within_timeout(write).await?
        };
        // The tables may have changed: its statements are prepared anew.
        let is_outdated = written.as_ref().is_err_and(|error| !is_about_a_row(error));
        self.connection = connection.filter(|_| !is_outdated);
        match written {
            Ok(true) => {
                let reused = ledger.reused();
                self.remember(reused);
                self.heads.keep(ledger.heads);
                Ok(Some(ledger.outcomes))
            }
            // Another node was there: nothing was written.
            Ok(false) => Ok(None),
            // Its time is over: the careful way would wait as long again.
            Err(error) if error.code() == Some(&SqlState::QUERY_CANCELED) => Err(error.into()),
            // A row is at fault, or a client id is known, or the statement fits the tables no more: nothing was written.
            Err(error) if is_refusal(&error) => Ok(None),
            // What ends the connection may come after the commit: to append once more could be to store twice.
            Err(error) => Err(error.into()),
        }
    }
}

/// The statement was refused for what it was to write: bad data, a constraint, a trigger.
fn is_about_a_row(error: &tokio_postgres::Error) -> bool {
    let of_rows = |code: &SqlState| ["22", "23", "P0"].iter().any(|class| code.code().starts_with(class));
    error.code().is_some_and(of_rows)
}

/// A trigger has kept a row from being changed: the transaction ends.
const KEPT_OUT: DieselError = DieselError::RollbackTransaction;

/// Any changes, in one transaction.
#[expect(
    clippy::too_many_lines,
    reason = "one transaction, pasted for each database; what needs no SQL is in the ledger"
)]
async fn append_carefully(
    db: &Db,
    batch: Arc<[Append]>,
    left: HashMap<RoomId, Remembered>,
    now: NaiveDateTime,
) -> Result<Done> {
    let has_triggers = db.facts().has_message_triggers();
    in_transaction!($ db write, c => {
        let mut ledger = Ledger::default();
        macro_rules! is_theirs {
            ($message_id:ident, $room_id:ident, $actor_id:ident) => {{
                let found: i64 = run!(c.get_result(messages::table
                    .filter(messages::id.eq($message_id.as_str()))
                    .filter(messages::room_id.eq($room_id).and(messages::sender_id.eq($actor_id)))
                    .count()));
                found
            }};
        }
        // The heads first: their locks order us against other nodes.
        for append in batch.iter() {
            if ledger.heads.contains_key(&append.room_id) {
                continue;
            }
            let room_id = append.room_id.as_str();
            let (seq, at): (i64, NaiveDateTime) = run!(c.get_result(diesel::insert_into(own::room_head::table)
                .values((own::room_head::room_id.eq(room_id), own::room_head::seq.eq(0), own::room_head::at.eq(now)))
                .on_conflict(own::room_head::room_id)
                .do_update()
                .set(own::room_head::room_id.eq(excluded(own::room_head::room_id)))
                .returning((own::room_head::seq, own::room_head::at))));
            let last = match seq {
                // The first entry of a room that may have messages already: they are all older.
                0 => {
                    let newest: Option<NaiveDateTime> = run!(c.get_result(messages::table
                        .filter(messages::room_id.eq(room_id))
                        .select(max(messages::created_at))));
                    newest.unwrap_or(NaiveDateTime::MIN)
                }
                _ => at,
            };
            ledger.open(&append.room_id, (seq, last), left.get(&append.room_id).copied(), now);
        }

        let (actors, client_ids): (Vec<&str>, Vec<&str>) =
            batch.iter().filter_map(|append| Some((append.actor_id.as_str(), append.client_id()?))).unzip();
        if !client_ids.is_empty() {
            let rows: Vec<KnownRow> = run!(c.load(own::room_log::table
                .filter(own::room_log::actor_id.eq_any(actors))
                .filter(own::room_log::client_id.eq_any(client_ids))
                .select((
                    own::room_log::actor_id,
                    own::room_log::client_id,
                    own::room_log::message_id,
                    own::room_log::body,
                    own::room_log::seq,
                ))));
            rows.into_iter().for_each(|row| ledger.knows(row));
        }

        for append in batch.iter() {
            let (room_id, actor_id) = (append.room_id.as_str(), append.actor_id.as_str());
            match &append.change {
                Change::New(message) => ledger.new_message(append, message),
                Change::Edit { message_id, content } => {
                    let edited = run!(c.load(diesel::update(messages::table)
                        .filter(messages::id.eq(message_id.as_str()))
                        .filter(messages::room_id.eq(room_id).and(messages::sender_id.eq(actor_id)))
                        .set((messages::content.eq(content), messages::updated_at.eq(Some(now))))
                        .returning(MessageRow::as_returning())));
                    match edited.into_iter().next() {
                        Some(row) => {
                            let on_it: Vec<ReactionRow> = run!(c.load(reactions::table
                                .filter(reactions::message_id.eq(message_id.as_str()))
                                .order(reactions::id)));
                            ledger.edited(append, row, on_it);
                        }
                        None if has_triggers && is_theirs!(message_id, room_id, actor_id) > 0 => return Err(KEPT_OUT),
                        None => ledger.nothing(Appended::NotFound),
                    }
                }
                Change::Delete { message_id } => {
                    if is_theirs!(message_id, room_id, actor_id) == 0 {
                        ledger.nothing(Appended::NotFound);
                        continue;
                    }
                    let on_it = reactions::message_id.eq(message_id.as_str());
                    run!(c.execute(diesel::delete(reactions::table).filter(on_it)));
                    if run!(c.execute(diesel::delete(messages::table.find(message_id.as_str())))) == 0 {
                        return Err(KEPT_OUT);
                    }
                    ledger.deleted(append, message_id);
                }
                Change::React { message_id, emoji } => {
                    let there: i64 = run!(c.get_result(messages::table
                        .filter(messages::id.eq(message_id.as_str()).and(messages::room_id.eq(room_id)))
                        .count()));
                    let row = ReactionRow {
                        id: ledger.next_id(&append.room_id).to_string(),
                        message_id: message_id.to_string(),
                        user_id: actor_id.to_owned(),
                        emoji: emoji.to_string(),
                    };
                    if there == 0 {
                        ledger.nothing(Appended::NotFound);
                        continue;
                    }
                    let added: Vec<String> = run!(c.load(diesel::insert_into(reactions::table)
                        .values(&row)
                        .on_conflict_do_nothing()
                        .returning(reactions::emoji)));
                    match added.into_iter().next() {
                        Some(emoji) => ledger.reaction(append, message_id, &emoji.into(), true),
                        None => ledger.nothing(Appended::Unchanged),
                    }
                }
                Change::Unreact { message_id, emoji } => {
                    let its = reactions::message_id.eq(message_id.as_str()).and(reactions::user_id.eq(actor_id));
                    match run!(c.execute(diesel::delete(reactions::table)
                        .filter(its.and(reactions::emoji.eq(emoji.as_ref())))))
                    {
                        0 => ledger.nothing(Appended::Unchanged),
                        _ => ledger.reaction(append, message_id, emoji, false),
                    }
                }
            }
        }

        let reused = ledger.reused();
        let Ledger { heads, messages: new_messages, log, mut outcomes, .. } = ledger;
        if !new_messages.is_empty() {
            let rows: Vec<_> = new_messages.iter().map(|message| MessageRow::from(&**message)).collect();
            run!(c.execute(diesel::insert_into(messages::table).values(rows)));
        }
        if has_triggers {
            let ids = log.iter().map(|entry| entry.message_id.as_str());
            let stored: Vec<MessageRow> = run!(c.load(messages::table
                .filter(messages::id.eq_any(ids))
                .select(MessageRow::as_select())));
            if !tell_as_stored(&mut outcomes, stored) {
                return Err(KEPT_OUT);
            }
        }
        if !log.is_empty() {
            let rows: Vec<_> = log
                .into_iter()
                .map(|row| (
                    own::room_log::room_id.eq(row.room_id.to_string()),
                    own::room_log::seq.eq(row.seq),
                    own::room_log::kind.eq(row.kind),
                    own::room_log::message_id.eq(row.message_id.to_string()),
                    own::room_log::actor_id.eq(row.actor_id.to_string()),
                    own::room_log::client_id.eq(row.client_id),
                    own::room_log::body.eq(row.body),
                    own::room_log::at.eq(row.at),
                ))
                .collect();
            run!(c.execute(diesel::insert_into(own::room_log::table).values(rows)));
        }
        for (room_id, head) in heads.iter().filter(|(_, head)| head.advanced) {
            run!(c.execute(diesel::update(own::room_head::table.find(room_id.as_str()))
                .set((own::room_head::seq.eq(head.seq), own::room_head::at.eq(head.at)))));
        }
        Ok(Done { outcomes, heads, reused })
    })
}
