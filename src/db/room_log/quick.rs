//! Appending new messages on PostgreSQL in a single statement: heads, rows and log entries, for rooms whose head is known
//! from the last append. Where a head is not as expected nothing is written, and the caller takes the careful way.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Nullable, Text, Timestamp},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::ledger::Ledger;
use crate::db::types::{JsonDoc, JsonRow, MessageTypeRow, MessageTypeSql};

/// One text for every number of rows, so that it is prepared once for each connection.
#[derive(Default, QueryId)]
struct QuickAppend {
    rooms: Vec<String>,
    expected: Vec<i64>,
    advanced: Vec<i64>,
    moments: Vec<chrono::NaiveDateTime>,
    messages: MessageColumns,
    entries: EntryColumns,
}

#[derive(Default)]
struct MessageColumns {
    ids: Vec<String>,
    rooms: Vec<String>,
    senders: Vec<String>,
    contents: Vec<String>,
    kinds: Vec<MessageTypeRow>,
    metadata: Vec<JsonRow>,
    replies: Vec<Option<String>>,
    created: Vec<chrono::NaiveDateTime>,
}

#[derive(Default)]
struct EntryColumns {
    rooms: Vec<String>,
    seqs: Vec<i64>,
    kinds: Vec<&'static str>,
    messages: Vec<String>,
    actors: Vec<String>,
    client_ids: Vec<Option<String>>,
    bodies: Vec<Option<String>>,
    moments: Vec<chrono::NaiveDateTime>,
}

impl QuickAppend {
    fn new(ledger: &mut Ledger) -> Self {
        let mut this = Self::default();
        let mut heads: Vec<_> = ledger.heads.iter().filter(|(_, head)| head.advanced).collect();
        heads.sort_by_key(|(room_id, _)| *room_id);
        for (room_id, head) in heads {
            this.rooms.push(room_id.to_string());
            this.expected.push(head.found);
            this.advanced.push(head.seq);
            this.moments.push(head.at);
        }
        for row in ledger.messages.drain(..) {
            this.messages.ids.push(row.id);
            this.messages.rooms.push(row.room_id);
            this.messages.senders.push(row.sender_id);
            this.messages.contents.push(row.content);
            this.messages.kinds.push(row.kind);
            this.messages.metadata.push(row.metadata);
            this.messages.replies.push(row.reply_to);
            this.messages.created.push(row.created_at);
        }
        for row in ledger.log.drain(..) {
            this.entries.rooms.push(row.room_id);
            this.entries.seqs.push(row.seq);
            this.entries.kinds.push(row.kind);
            this.entries.messages.push(row.message_id);
            this.entries.actors.push(row.actor_id);
            this.entries.client_ids.push(row.client_id);
            this.entries.bodies.push(row.body);
            this.entries.moments.push(row.at);
        }
        this
    }
}

impl Query for QuickAppend {
    type SqlType = BigInt;
}

impl QueryFragment<Pg> for QuickAppend {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // The locks are taken in the order of the rooms, as everywhere; what another node advanced meanwhile is not locked.
        out.push_sql("WITH expected (room_id, found, seq, at) AS (SELECT * FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.rooms)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.expected)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.advanced)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamp>, _>(&self.moments)?;
        out.push_sql(
            ")), locked AS (SELECT head.room_id FROM chatoxide.room_head head JOIN expected USING (room_id) \
             WHERE head.seq = expected.found ORDER BY head.room_id FOR UPDATE OF head), \
             verdict AS (SELECT (SELECT count(*) FROM locked) = (SELECT count(*) FROM expected) AS agreed), \
             advanced AS (UPDATE chatoxide.room_head head SET seq = expected.seq, at = expected.at \
             FROM expected, verdict WHERE head.room_id = expected.room_id AND agreed RETURNING 1), \
             written AS (INSERT INTO \"Message\" \
             (\"id\", \"roomId\", \"senderId\", \"content\", \"type\", \"metadata\", \"replyTo\", \"createdAt\") \
             SELECT row.* FROM verdict, unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.messages.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.messages.rooms)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.messages.senders)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.messages.contents)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<MessageTypeSql>, _>(&self.messages.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<JsonDoc>, _>(&self.messages.metadata)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.messages.replies)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamp>, _>(&self.messages.created)?;
        out.push_sql(
            ") AS row WHERE agreed), logged AS (INSERT INTO chatoxide.room_log \
             (room_id, seq, kind, message_id, actor_id, client_id, body, at) SELECT row.* FROM verdict, unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.entries.rooms)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.entries.seqs)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.entries.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.entries.messages)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.entries.actors)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.entries.client_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.entries.bodies)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamp>, _>(&self.entries.moments)?;
        out.push_sql(") AS row WHERE agreed) SELECT count(*) FROM advanced");
        Ok(())
    }
}

impl<C> diesel::query_dsl::RunQueryDsl<C> for QuickAppend {}

/// Writes what the ledger has to write; false, and nothing written, if a head was not as the ledger has it.
pub(super) async fn run(connection: &mut AsyncPgConnection, ledger: &mut Ledger) -> QueryResult<bool> {
    let append = QuickAppend::new(ledger);
    if append.rooms.is_empty() {
        return Ok(true);
    }
    let expected = i64::try_from(append.rooms.len()).unwrap_or(i64::MAX);
    let advanced: i64 = append.get_result(connection).await?;
    Ok(advanced == expected)
}
