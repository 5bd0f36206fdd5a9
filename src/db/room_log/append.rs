//! Appends to the log: the fast path for new messages on PostgreSQL, the slow path for everything.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
    sync::Arc,
};

use chrono::NaiveDateTime;
use tokio_postgres::error::SqlState;

use super::{
    Append, Appended, Heads,
    batch::{Done, FirstUse, IdempotencyKey, Remembered},
    fast_path,
    session::to_error,
    slow_postgres::{self, Attempt},
    slow_sqlite,
};
use crate::{
    chat::{Error, Result, id::RoomId, timestamp::Timestamp},
    db::{
        Db,
        columns::Columns,
        direct::Direct,
        error::{broken_connection, is_refusal},
        facts,
    },
};

/// The most idempotency keys remembered that clients reuse for several messages.
const REUSED: usize = 10_000;
/// The most rooms remembered whose head another transaction has locked.
const HELD: usize = 1_024;

/// Appends to the log, and remembers what lets the next append take the fast path.
#[derive(Default)]
pub struct Appender {
    heads: Arc<Heads>,
    /// Idempotency keys that a client uses again and again for different messages. The fast path would fail on each.
    reused: HashMap<IdempotencyKey, FirstUse>,
    connection: Option<Box<fast_path::Connection>>,
    /// Rooms whose head another transaction keeps locked.
    held: HashSet<RoomId>,
}

impl Appender {
    /// `heads` is shared with the code that loads rooms.
    pub fn new(heads: Arc<Heads>) -> Self {
        Self { heads, ..Self::default() }
    }

    /// True if this appender has appended to the room before, or the room has been loaded: it may take the fast path.
    pub fn knows(&self, room_id: &RoomId) -> bool {
        self.heads.is_known(room_id)
    }

    /// True if another transaction keeps the row lock on the head of this room's log: other rooms are to be written
    /// without it.
    pub fn is_held(&self, room_id: &RoomId) -> bool {
        self.held.contains(room_id)
    }

    /// Finds out which of these rooms are no longer locked.
    pub async fn look_at_held(&mut self, db: &Db, rooms: impl Iterator<Item = &RoomId>) {
        let asked: HashSet<RoomId> = rooms.filter(|room_id| self.is_held(room_id)).cloned().collect();
        if asked.is_empty() {
            return;
        }
        self.held.retain(|room_id| !asked.contains(room_id));
        // Without an answer they count as free: the next attempt finds out.
        let _tried_again = self.note_held(db, asked.iter()).await;
    }

    /// Checks which of these rooms are locked. Returns whether any is.
    async fn note_held(&mut self, db: &Db, rooms: impl Iterator<Item = &RoomId>) -> Result<bool> {
        let Some(connection) = self.connection.take() else { return Ok(false) };
        let look = Box::pin(slow_postgres::list_held(connection.client(), db, rooms));
        let held = db.within_timeout(look).await?;
        self.connection = Some(connection);
        Ok(self.remember_held(held))
    }

    fn remember_held(&mut self, held: Vec<RoomId>) -> bool {
        if self.held.len() + held.len() > HELD {
            self.held.clear();
        }
        let is_any = !held.is_empty();
        self.held.extend(held);
        is_any
    }

    /// Commits all of `batch` in one transaction, in its order, and returns the outcome of each change. One failing row
    /// fails all: the caller then bisects the batch. `batch` is sorted by room, so that nodes cannot deadlock.
    pub async fn append(&mut self, db: &Db, batch: Arc<[Append]>, now: Timestamp) -> Result<Vec<Appended>> {
        facts::look_again(db, now);
        batch.iter().try_for_each(|append| append.change.kind().ensure_fits(append, db.facts()))?;
        // Both paths together have the time of one request.
        db.within_timeout(Box::pin(self.append_on_either_path(db, batch, now))).await
    }

    async fn append_on_either_path(
        &mut self,
        db: &Db,
        batch: Arc<[Append]>,
        now: Timestamp,
    ) -> Result<Vec<Appended>> {
        if let Some(outcomes) = self.append_on_fast_path(db, &batch, now.naive()).await? {
            return Ok(outcomes);
        }
        let left = self.heads.remembered(&batch);
        let done = self.append_on_slow_path(db, batch, left, now.naive()).await?;
        self.heads.keep(done.heads);
        self.remember(done.reused);
        Ok(done.outcomes)
    }

    fn remember(&mut self, reused: Vec<(IdempotencyKey, FirstUse)>) {
        if self.reused.len() + reused.len() > REUSED {
            self.reused.clear();
        }
        self.reused.extend(reused);
    }

    /// The fast path: new messages in rooms whose head is as it was left take one statement on PostgreSQL. None: take
    /// the slow path.
    async fn append_on_fast_path(
        &mut self,
        db: &Db,
        appends: &[Append],
        now: NaiveDateTime,
    ) -> Result<Option<Vec<Appended>>> {
        let Db::Pg { direct: Some(direct), facts, .. } = db else { return Ok(None) };
        // A row that the database may change has to be read back in the same transaction. The fast path cannot do that.
        if facts.changes_messages() {
            return Ok(None);
        }
        if !appends.iter().all(|append| append.is_plain_message() && self.knows(&append.room_id)) {
            return Ok(None);
        }
        let Some(mut batch) = self.heads.open(appends, now) else { return Ok(None) };
        for append in appends {
            let id = append.client_id().filter(|_| !self.reused.is_empty());
            let key = id.map(|id| (append.actor_id.to_string(), id.to_owned()));
            if let Some((key, first_use)) = key.and_then(|key| self.reused.get_key_value(&key)) {
                batch.first_uses.entry(key.clone()).or_insert_with(|| first_use.clone());
            }
            batch.make(append, now);
        }
        // A connection that does not answer in time is dropped.
        let connection = self.connection.take();
        let (connection, written) = {
            // The future is large: it is pinned here and not moved.
            let write = pin!(async {
                let connection = match open(connection, direct, facts.columns()).await {
                    Ok(connection) => connection,
                    Err(error) => return (None, Err(error)),
                };
                db.statements().inc();
                let written = connection.write(&batch).await;
                (Some(connection), written)
            });
            write.await
        };
        // The connection may be broken without having noticed yet, or its prepared statements may be stale.
        let is_locked =
            written.as_ref().is_err_and(|error| error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE));
        let is_outdated = written.as_ref().is_err_and(|error| !is_about_a_row(error)) && !is_locked;
        self.connection = connection.filter(|_| !is_outdated);
        match written {
            Ok(true) => {
                let reused = batch.reused();
                self.remember(reused);
                self.heads.keep(batch.heads);
                Ok(Some(batch.outcomes))
            }
            // Another node has advanced a head: nothing was written.
            Ok(false) => Ok(None),
            Err(_) if is_locked => {
                let rooms = appends.iter().map(|append| &append.room_id);
                if self.note_held(db, rooms).await? { Err(held()) } else { Ok(None) }
            }
            // The statement timed out: the slow path would wait as long again.
            Err(error) if error.code() == Some(&SqlState::QUERY_CANCELED) => {
                Err(broken_connection(db, &error))
            }
            // A row is at fault, an idempotency key is known, or the prepared statement is stale: nothing was written.
            Err(error) if is_refusal(&error) => Ok(None),
            // A connection may break after the commit: a retry could store the batch twice.
            Err(error) => Err(broken_connection(db, &error)),
        }
    }

    /// The slow path: any changes, in one transaction.
    async fn append_on_slow_path(
        &mut self,
        db: &Db,
        batch: Arc<[Append]>,
        left: HashMap<RoomId, Remembered>,
        now: NaiveDateTime,
    ) -> Result<Done> {
        match db {
            Db::Lite { .. } => slow_sqlite::run(db, batch, left, now).await,
            Db::Pg { direct: None, .. } => Box::pin(slow_postgres::on_pooled(db, &batch, &left, now)).await,
            Db::Pg { direct: Some(direct), facts, .. } => {
                let connection = self.connection.take();
                let append = async {
                    let connection = open(connection, direct, facts.columns())
                        .await
                        .map_err(|error| to_error(db, error))?;
                    let done = slow_postgres::on_own(db, connection.client(), &batch, &left, now).await;
                    Ok::<_, Error>((connection, done))
                };
                let (connection, done) = Box::pin(append).await?;
                // After this error a transaction may still be open on the connection, so it is dropped.
                self.connection = Some(connection).filter(|_| !matches!(done, Err(Error::Unavailable(_))));
                match done? {
                    Attempt::Done(done) => Ok(done),
                    Attempt::Held(rooms) => {
                        self.remember_held(rooms);
                        Err(held())
                    }
                }
            }
        }
    }
}

/// The error of a change that failed because another transaction holds the row lock on the head of the room's log.
pub fn held() -> Error {
    Error::Unavailable("another transaction holds the head of the room's log".to_owned())
}

/// SQLSTATE classes that do not blame a row: the prepared statement is stale, or the connection or the server is
/// unwell.
const OUTDATED: [&str; 10] = ["08", "0A", "25", "26", "42", "53", "55", "57", "58", "XX"];

/// True if the statement was refused for its data: a bad value, a constraint, a trigger with an error code of its own.
fn is_about_a_row(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| !OUTDATED.iter().any(|class| code.code().starts_with(class)))
}

/// Returns the writer's own connection: the one it has, if that is still open and its statements are for these columns,
/// or a new one.
async fn open(
    connection: Option<Box<fast_path::Connection>>,
    direct: &Direct,
    columns: Arc<Columns>,
) -> Result<Box<fast_path::Connection>, tokio_postgres::Error> {
    match connection.filter(|connection| !connection.is_closed() && connection.is_for(&columns)) {
        Some(connection) => Ok(connection),
        None => Ok(Box::new(fast_path::Connection::open(direct, columns).await?)),
    }
}
