//! Appending new messages on PostgreSQL in a single statement: heads, rows and log entries, for rooms whose head is known
//! from the last append. Where a head is not as expected nothing is written, and the caller takes the careful way.
//!
//! An enum is bound as text and cast by PostgreSQL: diesel serialises all parameters twice when one is of a type that it must
//! look up.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Nullable, Text, Timestamp},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    kind,
    ledger::{Head, Ledger, LogRow},
};
use crate::{
    chat::id::RoomId,
    db::{
        messages::MessageRow,
        types::{JsonDoc, JsonRow},
    },
};

/// A single message, as on a server that is not busy: a plainer statement, which costs both sides less.
#[derive(QueryId)]
struct AppendOne {
    found: i64,
    message: MessageRow,
    entry: LogRow,
}

impl QueryFragment<Pg> for AppendOne {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Self { found, message, entry } = self;
        // $1 to $6, by which they are named again below.
        out.push_sql("WITH advanced AS (UPDATE chatoxide.room_head SET seq = ");
        out.push_bind_param::<BigInt, _>(&entry.seq)?;
        out.push_sql(", at = ");
        out.push_bind_param::<Timestamp, _>(&entry.at)?;
        out.push_sql(" WHERE room_id = ");
        out.push_bind_param::<Text, _>(&entry.room_id)?;
        out.push_sql(" AND seq = ");
        out.push_bind_param::<BigInt, _>(found)?;
        out.push_sql(
            " RETURNING 1), written AS (INSERT INTO \"Message\" \
             (\"id\", \"roomId\", \"senderId\", \"content\", \"type\", \"metadata\", \"replyTo\", \"createdAt\") SELECT ",
        );
        out.push_bind_param::<Text, _>(&message.id)?;
        out.push_sql(", $3, ");
        out.push_bind_param::<Text, _>(&message.sender_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&message.content)?;
        out.push_sql(", CAST(");
        out.push_bind_param::<Text, _>(message.kind.text())?;
        out.push_sql(" AS \"MessageType\"), ");
        out.push_bind_param::<JsonDoc, _>(&message.metadata)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&message.reply_to)?;
        out.push_sql(
            ", $2 FROM advanced), logged AS (INSERT INTO chatoxide.room_log \
             (room_id, seq, kind, message_id, actor_id, client_id, body, at) SELECT $3, $1, ",
        );
        out.push_bind_param::<Text, _>(kind::NEW)?;
        out.push_sql(", $5, $6, ");
        out.push_bind_param::<Nullable<Text>, _>(&entry.client_id)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&entry.body)?;
        out.push_sql(", $2 FROM advanced) SELECT count(*) FROM advanced");
        Ok(())
    }
}

/// Several messages: one text for every number of them, so that it is prepared once for each connection.
#[derive(Default, QueryId)]
struct AppendMany {
    heads: HeadColumns,
    rows: RowColumns,
}

#[derive(Default)]
struct HeadColumns {
    rooms: Vec<String>,
    expected: Vec<i64>,
    advanced: Vec<i64>,
    moments: Vec<chrono::NaiveDateTime>,
}

/// A message and its entry.
#[derive(Default)]
struct RowColumns {
    ids: Vec<String>,
    rooms: Vec<String>,
    senders: Vec<String>,
    contents: Vec<String>,
    kinds: Vec<&'static str>,
    metadata: Vec<JsonRow>,
    replies: Vec<Option<String>>,
    moments: Vec<chrono::NaiveDateTime>,
    seqs: Vec<i64>,
    client_ids: Vec<Option<String>>,
    bodies: Vec<Option<String>>,
}

impl AppendMany {
    fn new(heads: &[(&RoomId, &Head)], rows: impl Iterator<Item = (MessageRow, LogRow)>) -> Self {
        let mut this = Self::default();
        for (room_id, head) in heads {
            this.heads.rooms.push(room_id.to_string());
            this.heads.expected.push(head.found);
            this.heads.advanced.push(head.seq);
            this.heads.moments.push(head.at);
        }
        for (message, entry) in rows {
            this.rows.ids.push(message.id);
            this.rows.rooms.push(message.room_id);
            this.rows.senders.push(message.sender_id);
            this.rows.contents.push(message.content);
            this.rows.kinds.push(message.kind.text());
            this.rows.metadata.push(message.metadata);
            this.rows.replies.push(message.reply_to);
            this.rows.moments.push(message.created_at);
            this.rows.seqs.push(entry.seq);
            this.rows.client_ids.push(entry.client_id);
            this.rows.bodies.push(entry.body);
        }
        this
    }
}

impl QueryFragment<Pg> for AppendMany {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Self { heads, rows } = self;
        // The locks are taken in the order of the rooms, as everywhere; what another node advanced meanwhile is not locked.
        out.push_sql("WITH expected (room_id, found, seq, at) AS (SELECT * FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&heads.rooms)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&heads.expected)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&heads.advanced)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamp>, _>(&heads.moments)?;
        out.push_sql(
            ")), locked AS (SELECT head.room_id FROM chatoxide.room_head head JOIN expected USING (room_id) \
             WHERE head.seq = expected.found ORDER BY head.room_id FOR UPDATE OF head), \
             verdict AS (SELECT (SELECT count(*) FROM locked) = (SELECT count(*) FROM expected) AS agreed), \
             advanced AS (UPDATE chatoxide.room_head head SET seq = expected.seq, at = expected.at \
             FROM expected, verdict WHERE head.room_id = expected.room_id AND agreed RETURNING 1), \
             row (id, room_id, sender_id, content, kind, metadata, reply_to, at, seq, client_id, body) AS \
             (SELECT row.* FROM verdict, unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&rows.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&rows.rooms)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&rows.senders)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&rows.contents)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&rows.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<JsonDoc>, _>(&rows.metadata)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&rows.replies)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamp>, _>(&rows.moments)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&rows.seqs)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&rows.client_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&rows.bodies)?;
        out.push_sql(
            ") AS row WHERE agreed), written AS (INSERT INTO \"Message\" \
             (\"id\", \"roomId\", \"senderId\", \"content\", \"type\", \"metadata\", \"replyTo\", \"createdAt\") \
             SELECT id, room_id, sender_id, content, CAST(kind AS \"MessageType\"), metadata, reply_to, at FROM row), \
             logged AS (INSERT INTO chatoxide.room_log \
             (room_id, seq, kind, message_id, actor_id, client_id, body, at) SELECT room_id, seq, ",
        );
        out.push_bind_param::<Text, _>(kind::NEW)?;
        out.push_sql(", id, sender_id, client_id, body, at FROM row) SELECT count(*) FROM advanced");
        Ok(())
    }
}

impl Query for AppendOne {
    type SqlType = BigInt;
}

impl Query for AppendMany {
    type SqlType = BigInt;
}

impl<C> diesel::query_dsl::RunQueryDsl<C> for AppendOne {}
impl<C> diesel::query_dsl::RunQueryDsl<C> for AppendMany {}

/// Writes what the ledger has to write; false, and nothing written, if a head was not as the ledger has it.
pub(super) async fn run(connection: &mut AsyncPgConnection, ledger: &mut Ledger) -> QueryResult<bool> {
    let mut heads: Vec<_> = ledger.heads.iter().filter(|(_, head)| head.advanced).collect();
    heads.sort_by_key(|(room_id, _)| *room_id);
    // Each message has its entry.
    let mut rows = ledger.messages.drain(..).zip(ledger.log.drain(..));
    let advanced: i64 = match (heads.as_slice(), rows.len()) {
        ([], _) => 0,
        ([(_, head)], 1) => match rows.next() {
            Some((message, entry)) => {
                AppendOne { found: head.found, message, entry }.get_result(connection).await?
            }
            None => 0,
        },
        (several, _) => AppendMany::new(several, rows).get_result(connection).await?,
    };
    Ok(usize::try_from(advanced) == Ok(heads.len()))
}
