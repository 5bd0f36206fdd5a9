//! The slow path on PostgreSQL: any changes in one transaction of four round trips, however many rooms and changes
//! there are. It locks the heads, reads the rows, writes the results, and commits; a database that changes messages
//! costs one more read. Sequential work happens in memory between reading and writing: see `changes` and `rows`.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDateTime;
use diesel_async::AsyncPgConnection;
use futures_util::future::{join, join3};
use serde_json::{Value, json};

use super::{
    Append, FirstUseRow,
    batch::{AppendBatch, Done, Remembered},
    note::note_sql,
    rows::{Rows, list_stored_pg},
    session::{Session, to_error},
    stored::{Agreement, replace_with_stored},
    text_of,
};
use crate::{
    chat::{Error, Result, id::RoomId, timestamp::Timestamp},
    db::{
        Db, build_transaction_write,
        direct::{DirectClient, limit_lock_waits},
        error::KEPT_OUT,
    },
};

/// Row locks are taken in the byte order of the room ids, as everywhere: so nodes cannot deadlock.
const LOCK_HEADS: &str = r#"
    WITH input (doc) AS (SELECT CAST($1 AS JSON)), locked AS (
        INSERT INTO chatoxide.room_head (room_id, seq, at)
        SELECT room.id, 0, CAST(input.doc ->> 'now' AS TIMESTAMP)
        FROM input, json_array_elements_text(input.doc -> 'rooms') AS room (id) ORDER BY room.id COLLATE "C"
        ON CONFLICT (room_id) DO UPDATE SET room_id = excluded.room_id RETURNING room_id, seq, at
    )
    SELECT CAST(json_agg(json_build_array(
        room_id, seq, CAST(round(extract(epoch FROM at) * 1000) AS BIGINT)
    )) AS TEXT) FROM locked"#;

/// Selects the rooms whose head another transaction has locked.
const HELD: &str = r#"
    WITH wanted (id) AS (SELECT json_array_elements_text(CAST($1 AS JSON))), free AS (
        SELECT room_id FROM chatoxide.room_head WHERE room_id IN (SELECT id FROM wanted) FOR UPDATE SKIP LOCKED
    )
    SELECT CAST(json_agg(room_id) AS TEXT) FROM chatoxide.room_head
    WHERE room_id IN (SELECT id FROM wanted) AND room_id NOT IN (SELECT room_id FROM free)"#;

/// The times of the newest messages, in milliseconds, rounded up. Times that no clock shows, such as `infinity`, are
/// ignored.
const NEWEST: &str = r#"
    SELECT CAST(json_agg(json_build_array(room.id, (
        SELECT CAST(ceil(extract(epoch FROM max("createdAt")) * 1000 - 0.0005) AS BIGINT)
        FROM "Message" WHERE "roomId" = CAST(room.id AS /*room*/TEXT) AND "createdAt" < '9999-01-01'
    ))) AS TEXT) FROM json_array_elements_text(CAST($1 AS JSON)) AS room (id)"#;

const FIRST_USES: &str = r#"
    SELECT CAST(json_agg(json_build_array(
        entry.actor_id, entry.client_id, entry.message_id, entry.body, entry.seq
    )) AS TEXT)
    FROM json_to_recordset(CAST($1 AS JSON)) AS known (actor_id TEXT, client_id TEXT)
    JOIN chatoxide.room_log AS entry USING (actor_id, client_id)"#;

/// Writes log entries and heads. Messages are noted in their present state, whatever triggers have made of them.
const WRITE_LOG: &str = concat!(
    r#"
    WITH input (doc) AS (SELECT CAST($1 AS JSON)), advanced AS (
        UPDATE chatoxide.room_head AS head SET seq = next.seq, at = next.at
        FROM input, json_to_recordset(input.doc -> 'heads') AS next (room_id TEXT, seq BIGINT, at TIMESTAMP)
        WHERE head.room_id = next.room_id
    ), logged AS (
        INSERT INTO chatoxide.room_log (room_id, seq, kind, message_id, actor_id, client_id, body, at)
        SELECT entry.room_id, entry.seq, entry.kind, entry.message_id, entry.actor_id, entry.client_id,
            coalesce(split_part(entry.body, '=', 1) || stored.note, entry.body), entry.at
        FROM input, json_to_recordset(input.doc -> 'log') AS entry (
            room_id TEXT, seq BIGINT, kind TEXT, message_id TEXT, actor_id TEXT, client_id TEXT, body TEXT, at TIMESTAMP,
            has_message BOOLEAN
        ) LEFT JOIN LATERAL (
            SELECT "#,
    note_sql!(),
    r#" AS note FROM "Message" WHERE "id" = CAST(nullif(entry.message_id, '') AS /*message*/TEXT) AND entry.has_message
        ) AS stored ON true
        RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM logged"#
);

/// The result of trying a batch.
pub(super) enum Attempt {
    Done(Done),
    /// Nothing was written: another transaction holds the row locks on the heads of these rooms.
    Held(Vec<RoomId>),
}

/// Runs on the writer's own connection. [`Error::Unavailable`] means that the connection is at fault, and a transaction
/// may be left open on it.
pub(super) async fn on_own(
    db: &Db,
    client: &DirectClient,
    batch: &[Append],
    left: &HashMap<RoomId, Remembered>,
    now: NaiveDateTime,
) -> Result<Attempt> {
    let session = Session::Direct { client, db };
    let begin = format!("BEGIN ISOLATION LEVEL READ COMMITTED; {}", limit_lock_waits(db.timeout(), true));
    // These are pipelined in this order, so BEGIN costs no round trip. A table may be locked for longer than a head.
    let begin = client.batch_execute(&begin);
    let unlimited = client.batch_execute("SET LOCAL lock_timeout TO DEFAULT");
    let (begun, heads, _) = join3(begin, lock_heads(&session, batch, now), unlimited).await;
    begun.map_err(|error| to_error(db, error))?;
    let done = match heads {
        Ok(heads) => append(&session, heads, batch, left, now).await,
        Err(error @ Error::Unavailable(_)) => {
            let rooms = batch.iter().map(|append| &append.room_id);
            let (ended, held) = join(client.batch_execute("ROLLBACK"), list_held(client, db, rooms)).await;
            return match (ended, held) {
                (Ok(()), Ok(held)) if !held.is_empty() => Ok(Attempt::Held(held)),
                _ => Err(error),
            };
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => {
            client.batch_execute("COMMIT").await.map_err(|error| to_error(db, error))?;
            Ok(Attempt::Done(done))
        }
        Err(error @ Error::Unavailable(_)) => Err(error),
        Err(error) => {
            client.batch_execute("ROLLBACK").await.map_err(|error| to_error(db, error))?;
            Err(error)
        }
    }
}

/// Lists the rooms whose head another transaction has locked at this moment.
pub(super) async fn list_held(
    client: &DirectClient,
    db: &Db,
    rooms: impl Iterator<Item = &RoomId>,
) -> Result<Vec<RoomId>> {
    let rooms: HashSet<&str> = rooms.map(RoomId::as_str).collect();
    let held: Vec<String> = Session::Direct { client, db }.query(HELD, &rooms).await?;
    Ok(held.into_iter().map(RoomId::from).collect())
}

/// Runs on a connection of the pool.
pub(super) async fn on_pooled(
    db: &Db,
    batch: &[Append],
    left: &HashMap<RoomId, Remembered>,
    now: NaiveDateTime,
) -> Result<Done> {
    let Db::Pg { pool, .. } = db else { return Err(Error::Internal("not a PostgreSQL database".to_owned())) };
    let mut connection = pool.get().await?;
    let done = build_transaction_write(&mut connection)
        .run(async |connection: &mut AsyncPgConnection| -> Result<Done> {
            let session = Session::Pooled { connection, db };
            let heads = lock_heads(&session, batch, now).await?;
            append(&session, heads, batch, left, now).await
        })
        .await;
    // After these errors its transaction may be open, or its plans stale: then it does not go back to the pool.
    if !matches!(done, Err(Error::Unavailable(_) | Error::Internal(_))) {
        connection.finish::<()>(&Ok(()));
    }
    done
}

async fn append(
    session: &Session<'_>,
    heads: Vec<LockedHead>,
    appends: &[Append],
    left: &HashMap<RoomId, Remembered>,
    now: NaiveDateTime,
) -> Result<Done> {
    // A room without entries may have messages already: they are all older than its first entry.
    let first: Vec<&str> = heads.iter().filter(|(_, seq, _)| *seq == 0).map(|(id, ..)| id.as_str()).collect();
    let (newest, first_uses, rows) =
        join3(newest(session, &first), list_first_uses(session, appends), Rows::read_pg(session, appends))
            .await;
    // Checked in the order of sending: after the first failure, the others only report that the transaction has failed.
    let (newest, first_uses) = (newest?, first_uses?);
    let mut batch = AppendBatch::new(rows?);
    for (room_id, seq, at) in &heads {
        let last = match seq {
            0 => newest.get(room_id).copied().unwrap_or(NaiveDateTime::MIN),
            _ => Timestamp::from_millis(*at).naive(),
        };
        let room_id = RoomId::from(room_id.as_str());
        batch.open(&room_id, (*seq, last), left.get(&room_id).copied(), now);
    }
    first_uses.into_iter().for_each(|row| batch.note_first_use(row));
    appends.iter().for_each(|append| batch.make(append, now));
    let (edited, summaries) = batch.rows.write_pg(session, write_log(session, &batch)).await?;
    batch.note_threads(&summaries);
    let columns = session.db().facts().columns();
    // `edited` has only the edited messages.
    if replace_with_stored(&mut batch.outcomes, edited, &columns) == Agreement::Moved {
        return Err(KEPT_OUT.into());
    }
    if session.db().facts().changes_messages() && !batch.log.is_empty() {
        let ids = batch.log.iter().filter_map(|entry| entry.message_id.as_ref());
        let ids: Vec<Value> = ids.map(|id| json!(id)).collect();
        let stored = list_stored_pg(session, &ids).await?;
        if replace_with_stored(&mut batch.outcomes, stored, &columns) != Agreement::Whole {
            return Err(KEPT_OUT.into());
        }
    }
    Ok(batch.done())
}

/// A room, its last entry, and that entry's time in milliseconds.
type LockedHead = (String, i64, i64);

async fn lock_heads(session: &Session<'_>, batch: &[Append], now: NaiveDateTime) -> Result<Vec<LockedHead>> {
    let rooms: HashSet<&str> = batch.iter().map(|append| append.room_id.as_str()).collect();
    session.query(LOCK_HEADS, &json!({ "rooms": rooms, "now": text_of(now) })).await
}

async fn newest(session: &Session<'_>, rooms: &[&str]) -> Result<HashMap<String, NaiveDateTime>> {
    if rooms.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, Option<i64>)> = session.query(NEWEST, &rooms).await?;
    let time = |(room_id, at): (String, Option<i64>)| Some((room_id, Timestamp::from_millis(at?).naive()));
    Ok(rows.into_iter().filter_map(time).collect())
}

async fn list_first_uses(session: &Session<'_>, batch: &[Append]) -> Result<Vec<FirstUseRow>> {
    let client_ids: HashSet<(&str, &str)> =
        batch.iter().filter_map(|append| Some((append.actor_id.as_str(), append.client_id()?))).collect();
    if client_ids.is_empty() {
        return Ok(Vec::new());
    }
    let document: Vec<Value> = client_ids
        .into_iter()
        .map(|(actor_id, client_id)| json!({ "actor_id": actor_id, "client_id": client_id }))
        .collect();
    session.query(FIRST_USES, &document).await
}

/// Writes the entries of the log, and the heads.
fn write_log<'a>(
    session: &'a Session<'_>,
    batch: &AppendBatch,
) -> impl Future<Output = Result<()>> + use<'a> {
    let expected = batch.log.len();
    let written = (expected > 0).then(|| session.query(WRITE_LOG, &log_of(batch)));
    async move {
        let Some(written) = written else { return Ok(()) };
        let count: usize = written.await?;
        if count < expected { Err(KEPT_OUT.into()) } else { Ok(()) }
    }
}

fn log_of(batch: &AppendBatch) -> Value {
    let log = batch.log.iter().map(|entry| {
        json!({
            "room_id": entry.room_id, "seq": entry.seq, "kind": entry.kind.name, "message_id": entry.message_text(),
            "actor_id": entry.actor_id, "client_id": entry.client_id, "body": entry.body, "at": text_of(entry.at),
            "has_message": entry.kind.has_message,
        })
    });
    let advanced = batch.heads.iter().filter(|(_, head)| head.advanced);
    let heads = advanced
        .map(|(room_id, head)| json!({ "room_id": room_id, "seq": head.seq, "at": text_of(head.at) }));
    json!({ "log": Value::from_iter(log), "heads": Value::from_iter(heads) })
}
