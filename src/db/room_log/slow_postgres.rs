//! The slow path on PostgreSQL: any changes in one transaction of four round trips, however many rooms and changes
//! there are. It locks the heads, reads the rows, writes the results, and commits; a database that changes messages
//! costs one more read. Sequential work happens in memory between reading and writing: see `changes`.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDateTime;
use diesel_async::AsyncPgConnection;
use futures_util::future::{join, join_all, join3};
use serde_json::{Value, json};

use super::{
    Append, KnownRow,
    batch::{AppendBatch, Done, Remembered},
    changes::{Changes, StoredMessage, messages_of, reactions_of},
    note::note_sql,
    reactions::{DELETE_REACTIONS, DELETE_REACTIONS_ON, REACTION_COUNTS, REACTIONS, counted_in},
    session::{Session, to_error},
    stored::{Agreement, tell_as_stored},
    text_of,
};
use crate::{
    chat::{Error, Result, id::RoomId, timestamp::Timestamp},
    db::{
        Db, build_transaction_write,
        direct::{DirectClient, limit_lock_waits},
        error::KEPT_OUT,
        types::MessageTypeRow,
    },
    protocol::MessageView,
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
        FROM "Message" WHERE "roomId" = room.id AND "createdAt" < '9999-01-01'
    ))) AS TEXT) FROM json_array_elements_text(CAST($1 AS JSON)) AS room (id)"#;

const KNOWN_CLIENT_IDS: &str = r#"
    SELECT CAST(json_agg(json_build_array(
        entry.actor_id, entry.client_id, entry.message_id, entry.body, entry.seq
    )) AS TEXT)
    FROM json_to_recordset(CAST($1 AS JSON)) AS known (actor_id TEXT, client_id TEXT)
    JOIN chatoxide.room_log AS entry USING (actor_id, client_id)"#;

/// The end of a statement that returns the messages `$from`, each as a [`StoredMessage`]; `$content` is their content,
/// or empty.
macro_rules! messages_as_json {
    ($content:literal, $from:literal) => {
        concat!(
            r#"
    SELECT CAST(json_agg(json_build_object(
        'id', "id", 'room_id', "roomId", 'sender_id', "senderId", "#,
            $content,
            r#"'kind', "type", 'metadata', "metadata", 'reply_to', "replyTo",
        'created_at', CAST(round(extract(epoch FROM date_trunc('milliseconds', "createdAt")) * 1000) AS BIGINT),
        'updated_at', CAST(round(extract(epoch FROM date_trunc('milliseconds', "updatedAt")) * 1000) AS BIGINT)
    )) AS TEXT) FROM "#,
            $from
        )
    };
}

/// Takes row locks on the messages, because other programs do not lock the log's heads. Foreign keys may still refer to
/// them. Their content is about to be replaced, so it is not read.
const LOCK_MESSAGES: &str = concat!(
    r#"
    WITH locked AS (
        SELECT message.* FROM json_to_recordset(CAST($1 AS JSON)) AS wanted (id TEXT, room_id TEXT)
        JOIN "Message" AS message ON message."id" = wanted.id AND message."roomId" = wanted.room_id
        ORDER BY message."id" COLLATE "C" FOR NO KEY UPDATE OF message
    )"#,
    messages_as_json!("", "locked")
);

const DELETE_MESSAGES: &str = r#"
    WITH deleted AS (
        DELETE FROM "Message" WHERE "id" IN (SELECT json_array_elements_text(CAST($1 AS JSON))) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM deleted"#;

const EDIT_MESSAGES: &str = concat!(
    r#"
    WITH edited AS (
        UPDATE "Message" AS message SET "content" = edit.content, "updatedAt" = edit.at
        FROM json_to_recordset(CAST($1 AS JSON)) AS edit (id TEXT, content TEXT, at TIMESTAMP)
        WHERE message."id" = edit.id RETURNING message.*
    )"#,
    messages_as_json!(r#"'content', "content", "#, "edited")
);

/// Reads the messages back as the database has stored them.
const STORED: &str = messages_as_json!(
    r#"'content', "content", "#,
    r#""Message" WHERE "id" IN (SELECT json_array_elements_text(CAST($1 AS JSON)))"#
);

const ADD_REACTIONS: &str = r#"
    WITH asked AS (
        SELECT * FROM json_to_recordset(CAST($1 AS JSON)) AS row (id TEXT, message_id TEXT, user_id TEXT, emoji TEXT)
    ), added AS (
        INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji")
        SELECT id, message_id, user_id, emoji FROM asked
        ON CONFLICT DO NOTHING RETURNING "messageId", "userId", "emoji"
    )
    SELECT CAST(count(*) AS TEXT) FROM added JOIN asked
        ON message_id = "messageId" AND user_id = "userId" AND asked.emoji = added."emoji""#;

const ADD_MESSAGES: &str = r#"
    WITH written AS (
        INSERT INTO "Message" ("id", "roomId", "senderId", "content", "type", "metadata", "replyTo", "createdAt")
        SELECT new.id, new.room_id, new.sender_id, new.content, CAST(new.kind AS "MessageType"),
            CAST(new.metadata AS JSONB), new.reply_to, new.at
        FROM json_to_recordset(CAST($1 AS JSON)) AS new (
            id TEXT, room_id TEXT, sender_id TEXT, content TEXT, kind TEXT, metadata TEXT, reply_to TEXT, at TIMESTAMP
        ) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM written"#;

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
            room_id TEXT, seq BIGINT, kind TEXT, message_id TEXT, actor_id TEXT, client_id TEXT, body TEXT, at TIMESTAMP
        ) LEFT JOIN LATERAL (
            SELECT "#,
    note_sql!(),
    r#" AS note FROM "Message" WHERE "id" = entry.message_id AND entry.kind IN ('new', 'edit')
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
    let held: Vec<String> = Session::Direct { client, db }.ask(HELD, &rooms).await?;
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
    batch: &[Append],
    left: &HashMap<RoomId, Remembered>,
    now: NaiveDateTime,
) -> Result<Done> {
    let mut writes = AppendBatch::default();
    // A room without entries may have messages already: they are all older than its first entry.
    let first: Vec<&str> = heads.iter().filter(|(_, seq, _)| *seq == 0).map(|(id, ..)| id.as_str()).collect();
    let (newest, known, changes) =
        join3(newest(session, &first), known(session, batch), changes(session, batch)).await;
    // Checked in the order of sending: after the first failure, the others only report that the transaction has failed.
    let (newest, known, mut changes) = (newest?, known?, changes?);
    for (room_id, seq, at) in &heads {
        let last = match seq {
            0 => newest.get(room_id).copied().unwrap_or(NaiveDateTime::MIN),
            _ => Timestamp::from_millis(*at).naive(),
        };
        let room_id = RoomId::from(room_id.as_str());
        writes.open(&room_id, (*seq, last), left.get(&room_id).copied(), now);
    }
    known.into_iter().for_each(|row| writes.knows(row));
    batch.iter().for_each(|append| changes.make(append, &mut writes, now));
    let edited = write(session, &changes, &writes).await?;
    // `edited` has only the edited messages.
    if tell_as_stored(&mut writes.outcomes, edited) == Agreement::Moved {
        return Err(KEPT_OUT.into());
    }
    if session.db().facts().changes_messages() && !writes.log.is_empty() {
        let ids: HashSet<&str> = writes.log.iter().map(|entry| entry.message_id.as_str()).collect();
        let stored: Vec<StoredMessage> = session.ask(STORED, &ids).await?;
        if tell_as_stored(&mut writes.outcomes, stored) != Agreement::Whole {
            return Err(KEPT_OUT.into());
        }
    }
    Ok(writes.done())
}

/// A room, its last entry, and that entry's time in milliseconds.
type LockedHead = (String, i64, i64);

async fn lock_heads(session: &Session<'_>, batch: &[Append], now: NaiveDateTime) -> Result<Vec<LockedHead>> {
    let rooms: HashSet<&str> = batch.iter().map(|append| append.room_id.as_str()).collect();
    session.ask(LOCK_HEADS, &json!({ "rooms": rooms, "now": text_of(now) })).await
}

async fn newest(session: &Session<'_>, rooms: &[&str]) -> Result<HashMap<String, NaiveDateTime>> {
    if rooms.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, Option<i64>)> = session.ask(NEWEST, &rooms).await?;
    let time = |(room_id, at): (String, Option<i64>)| Some((room_id, Timestamp::from_millis(at?).naive()));
    Ok(rows.into_iter().filter_map(time).collect())
}

async fn known(session: &Session<'_>, batch: &[Append]) -> Result<Vec<KnownRow>> {
    let client_ids: HashSet<(&str, &str)> =
        batch.iter().filter_map(|append| Some((append.actor_id.as_str(), append.client_id()?))).collect();
    if client_ids.is_empty() {
        return Ok(Vec::new());
    }
    let document: Vec<Value> = client_ids
        .into_iter()
        .map(|(actor_id, client_id)| json!({ "actor_id": actor_id, "client_id": client_id }))
        .collect();
    session.ask(KNOWN_CLIENT_IDS, &document).await
}

async fn changes(session: &Session<'_>, batch: &[Append]) -> Result<Changes> {
    let messages = messages_of(batch);
    if messages.is_empty() {
        return Ok(Changes::default());
    }
    let reactions = reactions_of(batch);
    let counts = async {
        match counted_in(batch) {
            Some(counted) => session.ask(REACTION_COUNTS, &counted).await,
            None => Ok(Vec::new()),
        }
    };
    let (messages, reactions) = (session.ask(LOCK_MESSAGES, &messages), session.ask(REACTIONS, &reactions));
    let (messages, reactions, counts) = join3(messages, reactions, counts).await;
    Ok(Changes::new(messages?, reactions?, counts?))
}

/// Writes the results of the changes in one round trip; returns the edited messages.
async fn write(session: &Session<'_>, changes: &Changes, writes: &AppendBatch) -> Result<Vec<StoredMessage>> {
    let (deleted, removed, added) = (changes.deleted(), changes.removed(), changes.added());
    let (edits, messages) = (changes.edits(), messages_in(writes));
    let counted = async |sql: &'static str, document: &Value, expected: usize| {
        let count: usize = session.ask(sql, document).await?;
        // A trigger kept the row as it was, or Node made the same change a moment ago: the next attempt shows which.
        if count < expected { Err(Error::from(KEPT_OUT)) } else { Ok(()) }
    };
    // The order matters: a reaction may be removed and added again.
    let statements = [
        (DELETE_REACTIONS, json!(removed), !removed.is_empty(), removed.len()),
        (DELETE_REACTIONS_ON, json!(deleted), !deleted.is_empty(), 0),
        (DELETE_MESSAGES, json!(deleted), !deleted.is_empty(), deleted.len()),
        (ADD_REACTIONS, json!(added), !added.is_empty(), added.len()),
        (ADD_MESSAGES, json!(messages), !messages.is_empty(), messages.len()),
        (WRITE_LOG, log_of(writes), !writes.log.is_empty(), writes.log.len()),
    ];
    let needed = statements.iter().filter(|(_, _, is_needed, _)| *is_needed);
    let counts = needed.map(|(sql, document, _, expected)| counted(sql, document, *expected));
    let edited = async {
        match edits.is_empty() {
            true => Ok(Vec::new()),
            false => session.ask::<Vec<StoredMessage>>(EDIT_MESSAGES, &edits).await,
        }
    };
    // Edits come first, because the log notes the messages as the edits have left them.
    let (edited, counts) = join(edited, join_all(counts)).await;
    // The first error counts: it ended the transaction.
    let edited = edited?;
    counts.into_iter().collect::<Result<()>>()?;
    if edited.len() < edits.len() { Err(KEPT_OUT.into()) } else { Ok(edited) }
}

fn messages_in(writes: &AppendBatch) -> Vec<Value> {
    let row = |message: &Arc<MessageView>| {
        json!({
            "id": message.id, "room_id": message.room_id, "sender_id": message.sender_id, "content": message.content,
            "kind": MessageTypeRow(message.kind).text(), "metadata": message.metadata.to_string(),
            "reply_to": message.reply_to, "at": text_of(message.created_at.naive()),
        })
    };
    writes.messages.iter().map(row).collect()
}

fn log_of(writes: &AppendBatch) -> Value {
    let log = writes.log.iter().map(|entry| {
        json!({
            "room_id": entry.room_id, "seq": entry.seq, "kind": entry.kind, "message_id": entry.message_id,
            "actor_id": entry.actor_id, "client_id": entry.client_id, "body": entry.body, "at": text_of(entry.at),
        })
    });
    let advanced = writes.heads.iter().filter(|(_, head)| head.advanced);
    let heads = advanced
        .map(|(room_id, head)| json!({ "room_id": room_id, "seq": head.seq, "at": text_of(head.at) }));
    json!({ "log": Value::from_iter(log), "heads": Value::from_iter(heads) })
}
