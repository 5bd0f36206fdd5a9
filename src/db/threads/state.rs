//! The state of threads, which is counted from their replies whenever these change. The head of the room's log is locked
//! meanwhile.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{Nullable, Text},
};
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::of_message::{summary_of, thread_lite, thread_pg};
use crate::{
    chat::{Result, id::MessageId},
    db::{Db, on},
    protocol::{ThreadRootView, ThreadSummaryView},
};

/// Counts the threads of these roots, a JSON array, anew. One without replies has no row.
pub(in crate::db) const RECOUNT_PG: &str = r"
    WITH root (id) AS (SELECT json_array_elements_text(CAST($1 AS JSON))), counted AS (
        SELECT root_id, min(room_id) AS room_id, count(*) AS reply_count, count(DISTINCT sender_id) AS participant_count
        FROM chatoxide.thread_reply WHERE root_id IN (SELECT id FROM root) AND NOT is_gone GROUP BY root_id
    ), emptied AS (
        DELETE FROM chatoxide.thread
        WHERE root_id IN (SELECT id FROM root) AND root_id NOT IN (SELECT root_id FROM counted)
    ), written AS (
        INSERT INTO chatoxide.thread (root_id, room_id, reply_count, participant_count, participants, last_id, last_sender_id, last_at)
        SELECT counted.*, (
            SELECT CAST(json_agg(one.sender_id ORDER BY one.at DESC, one.id DESC) AS TEXT) FROM (
                SELECT sender_id, max(at) AS at, max(message_id) AS id FROM chatoxide.thread_reply AS reply
                WHERE reply.root_id = counted.root_id AND NOT is_gone
                GROUP BY sender_id ORDER BY max(at) DESC, max(message_id) DESC LIMIT 5
            ) AS one
        ), last.message_id, last.sender_id, last.at
        FROM counted CROSS JOIN LATERAL (
            SELECT message_id, sender_id, at FROM chatoxide.thread_reply AS reply
            WHERE reply.root_id = counted.root_id AND NOT is_gone ORDER BY at DESC, message_id DESC LIMIT 1
        ) AS last
        ON CONFLICT (root_id) DO UPDATE SET reply_count = excluded.reply_count,
            participant_count = excluded.participant_count, participants = excluded.participants,
            last_id = excluded.last_id, last_sender_id = excluded.last_sender_id, last_at = excluded.last_at
        RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM written";

pub(in crate::db) const RECOUNT_LITE: [&str; 2] = [
    "DELETE FROM chatoxide_thread WHERE root_id IN (SELECT value FROM json_each(?1))",
    "INSERT INTO chatoxide_thread
        (root_id, room_id, reply_count, participant_count, participants, last_id, last_sender_id, last_at)
    SELECT counted.root_id, counted.room_id, counted.reply_count, counted.participant_count, (
        SELECT json_group_array(sender_id) FROM (
            SELECT sender_id FROM chatoxide_thread_reply AS reply
            WHERE reply.root_id = counted.root_id AND NOT is_gone
            GROUP BY sender_id ORDER BY max(at) DESC, max(message_id) DESC LIMIT 5
        )
    ), last.message_id, last.sender_id, last.at
    FROM (
        SELECT root_id, min(room_id) AS room_id, count(*) AS reply_count, count(DISTINCT sender_id) AS participant_count
        FROM chatoxide_thread_reply WHERE root_id IN (SELECT value FROM json_each(?1)) AND NOT is_gone GROUP BY root_id
    ) AS counted
    JOIN chatoxide_thread_reply AS last ON last.message_id = (
        SELECT message_id FROM chatoxide_thread_reply AS reply
        WHERE reply.root_id = counted.root_id AND NOT is_gone ORDER BY at DESC, message_id DESC LIMIT 1
    )",
];

/// Reads the states of the threads of these roots, a JSON array.
const SUMMARIES_PG: &str = concat!(
    "SELECT root.id AS root_id, ",
    thread_pg!("root.id"),
    " AS thread FROM json_array_elements_text(CAST($1 AS JSON)) AS root (id)"
);
pub(in crate::db) const SUMMARIES_LITE: &str = concat!(
    "SELECT root.value AS root_id, ",
    thread_lite!("root.value"),
    " AS thread FROM json_each(?1) AS root"
);

#[derive(QueryableByName)]
pub(in crate::db) struct SummaryRow {
    #[diesel(sql_type = Text)]
    root_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    thread: Option<String>,
}

impl SummaryRow {
    /// A root, and the summary of its thread; none if that has no replies.
    pub(in crate::db) fn into_summary(self) -> (MessageId, Option<ThreadSummaryView>) {
        (self.root_id.into(), summary_of(self.thread.as_deref()))
    }
}

/// Notes which of these replies, a JSON array, another program has deleted, and which are back.
pub(in crate::db) const SETTLE_PG: &str = r#"
    UPDATE chatoxide.thread_reply AS reply SET is_gone = NOT is_gone
    WHERE message_id IN (SELECT json_array_elements_text(CAST($1 AS JSON)))
        AND is_gone = EXISTS (SELECT 1 FROM "Message" WHERE "id" = CAST(reply.message_id AS /*message*/TEXT))"#;
const SETTLE_LITE: &str = r#"
    UPDATE chatoxide_thread_reply SET is_gone = NOT is_gone
    WHERE message_id IN (SELECT value FROM json_each(?1))
        AND is_gone = EXISTS (SELECT 1 FROM "Message" WHERE "id" = chatoxide_thread_reply.message_id)"#;

/// Returns the root of each of these messages that is a reply, or was one.
pub(in crate::db) async fn find_roots(db: &Db, ids: &[&str]) -> Result<HashMap<MessageId, MessageId>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut rows: Vec<(String, String)> = Vec::new();
    // SQLite binds each id separately, and the number of parameters is limited.
    for ids in ids.chunks(10_000) {
        let page: Vec<(String, String)> = on!(db.readers, c => RunQueryDsl::load(
            own::thread_reply::table
                .filter(own::thread_reply::message_id.eq_any(ids))
                .select((own::thread_reply::message_id, own::thread_reply::root_id)),
            c,
        )
        .await?)?;
        rows.extend(page);
    }
    Ok(rows.into_iter().map(|(id, root_id)| (id.into(), root_id.into())).collect())
}

/// Returns these roots with the states of their threads.
pub(in crate::db) async fn list_states(
    db: &Db,
    roots: HashSet<MessageId>,
) -> Result<HashMap<MessageId, Arc<ThreadRootView>>> {
    if roots.is_empty() {
        return Ok(HashMap::new());
    }
    let text = Settling::of(db).summaries;
    let roots = json!(roots).to_string();
    let rows: Vec<SummaryRow> = on!(db.readers, c => RunQueryDsl::load(
        diesel::sql_query(&text).bind::<Text, _>(&roots),
        c,
    )
    .await?)?;
    let root = |row: SummaryRow| {
        let (id, thread_summary) = row.into_summary();
        (id.clone(), Arc::new(ThreadRootView { id, thread_summary }))
    };
    Ok(rows.into_iter().map(root).collect())
}

/// The statements about replies that another program has deleted or brought back.
pub(in crate::db) struct Settling {
    /// `$1`: the replies.
    pub(in crate::db) settle: String,
    /// `$1`: their roots.
    pub(in crate::db) recount: &'static [&'static str],
    /// `$1`: their roots.
    summaries: String,
}

impl Settling {
    pub(in crate::db) fn of(db: &Db) -> Self {
        let columns = db.facts().columns();
        let adapt = |sql: &str| columns.adapt("Message", sql).into_owned();
        match db {
            Db::Pg { .. } => {
                Self { settle: adapt(SETTLE_PG), recount: &[RECOUNT_PG], summaries: adapt(SUMMARIES_PG) }
            }
            Db::Lite { .. } => Self {
                settle: SETTLE_LITE.to_owned(),
                recount: &RECOUNT_LITE,
                summaries: SUMMARIES_LITE.to_owned(),
            },
        }
    }
}
