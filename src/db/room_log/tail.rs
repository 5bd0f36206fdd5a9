//! The tail of a room: its newest messages and the last entries of its log.

use chrono::{DateTime, NaiveDateTime};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text, Timestamp as SqlTimestamp},
};
use serde::de::DeserializeOwned;

use super::Digest;
use crate::{
    chat::{
        Error, Result,
        id::{RoomId, UserId},
        limits::DEFAULT_PAGE,
        timestamp::Timestamp,
    },
    db::{
        Db,
        ids::{Id, MessageIdSql, ReplyIdSql, RoomIdSql, UserIdSql},
        messages::{MessageRow, NamedRow, assemble, in_room, on_messages},
        moment::{Moment, MomentRow},
        on_lease,
        prepared::Prepared,
        reactions::ReactionRow,
        schema::{messages, reactions as reaction_table, users},
        threads::thread_pg,
        types::{JsonDoc, JsonRow, MessageTypeRow, MessageTypeSql},
    },
    protocol::{MessageView, ReactionView},
};

/// An entry of a room's log as it is stored.
#[derive(Clone, Debug, Queryable)]
pub struct Logged {
    pub seq: i64,
    pub kind: String,
    pub message_id: String,
    pub actor_id: String,
    pub body: Option<String>,
    pub at: NaiveDateTime,
}

impl Logged {
    /// The reaction of an entry that adds or removes one.
    pub(super) fn reaction(&self) -> ReactionView {
        let emoji = self.body.as_deref().unwrap_or_default();
        ReactionView { emoji: emoji.into(), user_id: self.actor_id.as_str().into() }
    }
}

/// Selects the columns of [`Logged`] from the log of the database in use.
macro_rules! logged {
    () => {
        (
            own::room_log::seq,
            own::room_log::kind,
            own::room_log::message_id,
            own::room_log::actor_id,
            own::room_log::body,
            own::room_log::at,
        )
    };
}
pub(super) use logged;

/// A room's newest messages and the last log entry that they include, read in one snapshot.
#[derive(Default)]
pub struct Tail {
    pub seq: i64,
    /// When that entry was made, if there is one.
    pub at: Option<Timestamp>,
    /// Newest first.
    pub messages: Vec<MessageView>,
    /// The room has no older messages than these.
    pub complete: bool,
    /// The last entries of the room's log, newest first.
    pub log: Vec<Logged>,
    /// The log is complete from this entry on.
    pub complete_from: i64,
    /// How the room was when it last left memory, if the log has not gone on since.
    pub digest: Option<Digest>,
    /// The newest read marks of the room, newest first, if they were requested.
    pub read: Vec<(UserId, Timestamp)>,
}

/// Log entries that are read with the newest messages.
const LAST_ENTRIES: i64 = 256;

/// The limit on contents and metadata of the messages beyond a page, in bytes.
pub const TAIL_BYTES: usize = 16 << 20;

/// Loads the newest `limit` messages. If they are large, it loads fewer, but at least a page.
pub async fn load_tail(db: &Db, room_id: &RoomId, limit: usize) -> Result<Tail> {
    load_tail_with_readers(db, room_id, limit, 0).await
}

/// As [`load_tail`], with the read marks of at most `readers` users.
pub async fn load_tail_with_readers(db: &Db, room_id: &RoomId, limit: usize, readers: i64) -> Result<Tail> {
    match db {
        Db::Pg { .. } => load_pg(db, room_id, limit, readers).await,
        Db::Lite { .. } => load_lite(db, room_id, limit, readers).await,
    }
}

/// A single statement: one round trip and one snapshot. Values that the room has once come with the first row; a room
/// without messages has one row without a message. Sort keys and sizes are read without fetching TOASTed contents.
const TAIL: &str = concat!(
    r#"
    WITH sized AS (
        SELECT newest.*, row_number() OVER newest_first AS place,
            sum(coalesce(octet_length(content), 0) + coalesce(pg_column_size(metadata), 0))
                OVER newest_first AS bytes
        FROM (
            SELECT message."id" AS id, message."roomId" AS room_id, message."senderId" AS sender_id,
                message."content" AS content, message."type" AS kind, message."metadata" AS metadata,
                message."replyTo" AS reply_to, message."createdAt" AS created_at, message."updatedAt" AS updated_at,
                sender."name" AS sender_name
            FROM "Message" AS message JOIN "User" AS sender ON sender."id" = message."senderId"
            WHERE message."roomId" = $1 AND message."createdAt" IS NOT NULL
            ORDER BY message."createdAt" DESC, message."id" DESC LIMIT $2 + 1
        ) AS newest WINDOW newest_first AS (ORDER BY created_at DESC, id DESC)
    ), kept AS (SELECT * FROM sized WHERE place <= $2 AND (place <= $3 OR bytes <= $4))
    SELECT head.seq, head.at, head.complete_from,
        digest.messages AS digest_messages, digest.is_whole AS digest_is_whole, digest.hash AS digest_hash,
        (SELECT count(*) FROM sized) > (SELECT count(*) FROM kept) AS has_more,
        CASE WHEN coalesce(kept.place, 1) = 1 THEN (
            SELECT CAST(json_agg(json_build_array(seq, kind, message_id, actor_id, body,
                CAST(round(extract(epoch FROM at) * 1000000) AS BIGINT))) AS TEXT)
            FROM (SELECT * FROM chatoxide.room_log WHERE room_id = CAST($1 AS TEXT) ORDER BY seq DESC LIMIT $5) AS entry
        ) END AS log,
        CASE WHEN coalesce(kept.place, 1) = 1 THEN (
            SELECT CAST(json_agg(json_build_array(user_id,
                CAST(round(extract(epoch FROM at) * 1000000) AS BIGINT))) AS TEXT)
            FROM (
                SELECT * FROM chatoxide.read_marker WHERE room_id = CAST($1 AS TEXT) AND NOT is_start ORDER BY at DESC LIMIT $6
            ) AS mark
        ) END AS read,
        kept.id, kept.room_id, kept.sender_id, kept.content, kept.kind, kept.metadata, kept.reply_to, kept.created_at,
        kept.updated_at, kept.sender_name,
        (SELECT CAST(json_agg(json_build_array("id", "messageId", "userId", "emoji") ORDER BY "id") AS TEXT)
            FROM "Reaction" WHERE "messageId" = kept.id
                AND "id" IS NOT NULL AND "userId" IS NOT NULL AND "emoji" IS NOT NULL) AS reactions,
        "#,
    thread_pg!("kept.id"),
    r#" AS thread
    FROM (VALUES (1)) AS one LEFT JOIN chatoxide.room_head AS head ON head.room_id = CAST($1 AS TEXT)
    LEFT JOIN chatoxide.room_digest AS digest
        ON digest.room_id = CAST($1 AS TEXT) AND digest.seq = coalesce(head.seq, 0)
    LEFT JOIN kept ON true
    ORDER BY kept.place"#
);

#[derive(QueryableByName)]
struct TailRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    seq: Option<i64>,
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    at: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<BigInt>)]
    complete_from: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    digest_messages: Option<i64>,
    #[diesel(sql_type = Nullable<Bool>)]
    digest_is_whole: Option<bool>,
    #[diesel(sql_type = Nullable<BigInt>)]
    digest_hash: Option<i64>,
    #[diesel(sql_type = Bool)]
    has_more: bool,
    #[diesel(sql_type = Nullable<Text>)]
    log: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    read: Option<String>,
    #[diesel(sql_type = Nullable<MessageIdSql>)]
    id: Option<String>,
    #[diesel(sql_type = Nullable<RoomIdSql>)]
    room_id: Option<String>,
    #[diesel(sql_type = Nullable<UserIdSql>)]
    sender_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    content: Option<String>,
    #[diesel(sql_type = MessageTypeSql)]
    kind: MessageTypeRow,
    #[diesel(sql_type = JsonDoc)]
    metadata: JsonRow,
    #[diesel(sql_type = Nullable<ReplyIdSql>)]
    reply_to: Option<String>,
    #[diesel(sql_type = Nullable<Moment>)]
    created_at: Option<MomentRow>,
    #[diesel(sql_type = Nullable<Moment>)]
    updated_at: Option<MomentRow>,
    #[diesel(sql_type = Nullable<Text>)]
    sender_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reactions: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    thread: Option<String>,
}

impl TailRow {
    fn digest(&self) -> Option<Digest> {
        Some(Digest {
            seq: self.seq.unwrap_or(0),
            messages: self.digest_messages?,
            is_whole: self.digest_is_whole?,
            hash: self.digest_hash?,
        })
    }

    /// Returns none if the room has no messages.
    fn into_message(self) -> Option<NamedRow> {
        let row = MessageRow {
            id: self.id?,
            room_id: self.room_id?,
            sender_id: self.sender_id?,
            content: self.content.unwrap_or_default(),
            kind: self.kind,
            metadata: self.metadata,
            reply_to: self.reply_to,
            created_at: self.created_at?,
            updated_at: self.updated_at,
            thread: self.thread,
        };
        Some((row, self.sender_name))
    }
}

async fn load_pg(db: &Db, room_id: &RoomId, limit: usize, readers: i64) -> Result<Tail> {
    let Db::Pg { pool, .. } = db else { return Ok(Tail::default()) };
    let text = db.facts().columns().adapt("User", TAIL).into_owned();
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX - 1);
    let load = Box::pin(async {
        on_lease!(twice readers db pool, connection => diesel_async::RunQueryDsl::load(
            Prepared(diesel::sql_query(&*text)
                .bind::<RoomIdSql, _>(room_id.as_str())
                .bind::<BigInt, _>(number(limit))
                .bind::<BigInt, _>(number(DEFAULT_PAGE))
                .bind::<BigInt, _>(number(TAIL_BYTES))
                .bind::<BigInt, _>(LAST_ENTRIES)
                .bind::<BigInt, _>(readers)),
            &mut *connection,
        )
        .await?)
    });
    let mut rows: Vec<TailRow> = db.within_timeout(load).await?;
    let Some(first) = rows.first_mut() else { return Ok(Tail::default()) };
    type Parts = (i64, String, String, String, Option<String>, i64);
    let log: Vec<Parts> = list_in(first.log.take())?;
    let read: Vec<(String, i64)> = list_in(first.read.take())?;
    let mut tail = Tail {
        seq: first.seq.unwrap_or(0),
        at: first.at.map(Timestamp::from),
        complete: !first.has_more,
        complete_from: first.complete_from.unwrap_or(0),
        digest: first.digest(),
        ..Tail::default()
    };
    for (seq, kind, message_id, actor_id, body, at) in log {
        tail.log.push(Logged { seq, kind, message_id, actor_id, body, at: moment(at)? });
    }
    for (user_id, at) in read {
        tail.read.push((user_id.into(), moment(at)?.into()));
    }
    let mut reactions = Vec::new();
    for row in &mut rows {
        let of_message: Vec<(String, String, String, String)> = list_in(row.reactions.take())?;
        let reaction = |(id, message_id, user_id, emoji)| ReactionRow { id, message_id, user_id, emoji };
        reactions.extend(of_message.into_iter().map(reaction));
    }
    tail.messages = assemble(
        rows.into_iter().filter_map(TailRow::into_message).collect(),
        reactions,
        &db.facts().columns(),
    );
    Ok(tail)
}

/// Parses a list from `json_agg`, which returns NULL for an empty one.
fn list_in<T: DeserializeOwned>(text: Option<String>) -> Result<Vec<T>> {
    let text = text.as_deref().unwrap_or("[]");
    serde_json::from_str(text).map_err(|error| Error::Internal(format!("the end of a room: {error}")))
}

/// Converts microseconds since 1970.
fn moment(micros: i64) -> Result<NaiveDateTime> {
    let moment = DateTime::from_timestamp_micros(micros).map(|moment| moment.naive_utc());
    moment
        .ok_or_else(|| Error::Internal(format!("a time of a room's log is {micros} microseconds from 1970")))
}

/// The stored size of a message.
const SIZE: &str = "coalesce(length(CAST(\"Message\".\"content\" AS BLOB)), 0) + coalesce(length(CAST(\"Message\".\"metadata\" AS BLOB)), 0)";

const DIGEST: &str =
    "SELECT seq, messages, is_whole, hash FROM chatoxide_room_digest WHERE room_id = ?1 AND seq = ?2";

/// Uses several statements: on SQLite they cost no round trips.
async fn load_lite(db: &Db, room_id: &RoomId, limit: usize, readers: i64) -> Result<Tail> {
    use diesel::{Connection, RunQueryDsl, dsl::sql, sql_query};

    use crate::db::schema::lite as own;
    let Db::Lite { readers: pool, .. } = db else { return Ok(Tail::default()) };
    let (room, columns) = (room_id.to_string(), db.facts().columns());
    let load = move |c: &mut SqliteConnection| {
        let head: Option<(i64, NaiveDateTime, i64)> = own::room_head::table
            .find(&room)
            .select((own::room_head::seq, own::room_head::at, own::room_head::complete_from))
            .first(c)
            .optional()?;
        let log = own::room_log::table
            .filter(own::room_log::room_id.eq(&room))
            .order(own::room_log::seq.desc())
            .limit(LAST_ENTRIES)
            .select(logged!());
        let log: Vec<Logged> = log.load(c)?;
        // One extra row shows whether there are more.
        let most = i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1;
        let sizes = messages::table
            .inner_join(users::table)
            .filter(messages::room_id.eq(Id(&room)).and(messages::created_at.is_not_null()))
            .order((messages::created_at.desc(), messages::id.desc()))
            .select(sql::<BigInt>(SIZE));
        let sizes: Vec<i64> = sizes.limit(most).load(c)?;
        let kept = count_within(&sizes).min(limit);
        let rows = in_room!(&room).limit(i64::try_from(kept).unwrap_or(i64::MAX));
        let rows: Vec<NamedRow> = rows.load(c)?;
        let reactions: Vec<ReactionRow> =
            if rows.is_empty() { Vec::new() } else { on_messages!(rows).load(c)? };
        let read: Vec<(String, NaiveDateTime)> = own::read_marker::table
            .filter(own::read_marker::room_id.eq(&room).and(own::read_marker::is_start.eq(false)))
            .order(own::read_marker::at.desc())
            .limit(readers)
            .select((own::read_marker::user_id, own::read_marker::at))
            .load(c)?;
        let (seq, at, complete_from) =
            head.map_or((0, None, 0), |(seq, at, complete_from)| (seq, Some(at.into()), complete_from));
        let digest: Option<Digest> =
            sql_query(DIGEST).bind::<Text, _>(&room).bind::<BigInt, _>(seq).get_result(c).optional()?;
        let read = read.into_iter().map(|(user_id, at)| (user_id.into(), at.into())).collect();
        let complete = kept == sizes.len();
        let messages = assemble(rows, reactions, &columns);
        Ok(Tail { seq, at, messages, complete, log, complete_from, digest, read })
    };
    let load = Box::pin(async {
        on_lease!(once readers db pool, connection => connection
            .spawn_blocking(move |c| c.transaction(load))
            .await?)
    });
    db.within_timeout(load).await
}

/// Counts how many of these sizes, from the first on, fit a page or the byte limit of a tail.
fn count_within(sizes: &[i64]) -> usize {
    let mut sum = 0_i64;
    let within = sizes.iter().enumerate().take_while(|(place, size)| {
        sum = sum.saturating_add(**size);
        *place < DEFAULT_PAGE || usize::try_from(sum).is_ok_and(|sum| sum <= TAIL_BYTES)
    });
    within.count()
}
