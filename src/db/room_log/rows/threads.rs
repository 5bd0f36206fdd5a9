//! Rows of our tables `thread_reply`, `thread` and `thread_follower` in the transaction of a batch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDateTime;
use diesel::{
    QueryResult,
    prelude::*,
    sql_types::{Text, Timestamp as SqlTimestamp},
    sqlite::SqliteConnection,
};
use serde_json::{Value, json};

use super::{
    super::{session::Session, text_of},
    Write,
};
use crate::{
    chat::{
        Result,
        id::{MessageId, RoomId, UserId},
    },
    db::{
        schema::lite::thread_reply,
        threads::{RECOUNT_LITE, RECOUNT_PG, SUMMARIES_LITE, SummaryRow, summary_of, thread_pg},
    },
    protocol::{ThreadPlaceView, ThreadSummaryView},
};

const INSERT: &str = r"
    WITH written AS (
        INSERT INTO chatoxide.thread_reply (message_id, root_id, room_id, sender_id, is_in_room, at)
        SELECT * FROM json_to_recordset(CAST($1 AS JSON)) AS new (
            message_id TEXT, root_id TEXT, room_id TEXT, sender_id TEXT, is_in_room BOOLEAN, at TIMESTAMP
        ) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM written";

/// The row stays, so that the entry of the deletion is known to be one of the thread.
const DELETE: &str = r"
    WITH deleted AS (
        UPDATE chatoxide.thread_reply SET is_gone = true
        WHERE message_id IN (SELECT json_array_elements_text(CAST($1 AS JSON))) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM deleted";

/// A user who follows the thread no more is not made to.
const FOLLOW: &str = r"
    WITH written AS (
        INSERT INTO chatoxide.thread_follower AS there (root_id, user_id, room_id, follows, read_at, read_id)
        SELECT root_id, user_id, room_id, true, read_at, read_id FROM json_to_recordset(CAST($1 AS JSON)) AS new (
            root_id TEXT, user_id TEXT, room_id TEXT, read_at TIMESTAMP, read_id TEXT
        ) ON CONFLICT (root_id, user_id) DO UPDATE SET follows = true WHERE there.follows IS NULL RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM written";

const FOLLOW_LITE: &str = "
    INSERT INTO chatoxide_thread_follower AS there (root_id, user_id, room_id, follows, read_at, read_id)
    VALUES (?1, ?2, ?3, true, ?4, ?5)
    ON CONFLICT (root_id, user_id) DO UPDATE SET follows = true WHERE there.follows IS NULL";

const SUMMARIES: &str = concat!(
    "SELECT CAST(json_agg(json_build_array(root.id, ",
    thread_pg!("root.id"),
    ")) AS TEXT) FROM json_array_elements_text(CAST($1 AS JSON)) AS root (id)"
);

/// The thread of a new reply.
#[derive(Clone, Debug)]
pub struct ThreadOfReply {
    pub root_id: MessageId,
    pub root_sender_id: UserId,
    /// The reply is shown in the room, too.
    pub also_to_room: bool,
}

/// A reply that a batch inserts.
pub(in super::super) struct NewReply<'a> {
    pub(in super::super) message_id: &'a MessageId,
    pub(in super::super) room_id: &'a RoomId,
    pub(in super::super) sender_id: &'a UserId,
    pub(in super::super) at: NaiveDateTime,
}

struct Reply {
    message_id: String,
    root_id: String,
    room_id: String,
    sender_id: String,
    is_in_room: bool,
    at: NaiveDateTime,
}

/// The place up to which a new follower has read.
struct Follower {
    room_id: String,
    read_at: NaiveDateTime,
    read_id: String,
}

/// The summaries of threads after a batch; none of a thread without replies.
pub(in super::super) type Summaries = HashMap<MessageId, Option<ThreadSummaryView>>;

/// The threads of a batch that change.
#[derive(Default)]
pub(in super::super) struct Threads {
    replies: Vec<Reply>,
    /// By root and user.
    followers: BTreeMap<(String, String), Follower>,
    gone: Vec<String>,
    roots: BTreeSet<MessageId>,
    /// The root whose thread the last change has changed.
    touched: Option<MessageId>,
}

impl Threads {
    /// Adds a reply. Its author, the root's author and the mentioned follow the thread from now on.
    pub(in super::super) fn insert(
        &mut self,
        thread: &ThreadOfReply,
        reply: &NewReply<'_>,
        mentioned: &[UserId],
    ) -> ThreadPlaceView {
        let root_id = thread.root_id.to_string();
        let (room_id, message_id) = (reply.room_id.to_string(), reply.message_id.to_string());
        // The author has read the own reply, the others all before it.
        let own = [(reply.sender_id, message_id.as_str())].into_iter();
        let others = [&thread.root_sender_id].into_iter().chain(mentioned).map(|user_id| (user_id, ""));
        for (user_id, read_id) in own.chain(others) {
            let follower =
                || Follower { room_id: room_id.clone(), read_at: reply.at, read_id: read_id.to_owned() };
            self.followers.entry((root_id.clone(), user_id.to_string())).or_insert_with(follower);
        }
        self.replies.push(Reply {
            message_id,
            root_id,
            room_id,
            sender_id: reply.sender_id.to_string(),
            is_in_room: thread.also_to_room,
            at: reply.at,
        });
        self.touch(&thread.root_id);
        ThreadPlaceView { root_id: thread.root_id.clone(), also_to_room: thread.also_to_room }
    }

    /// Deletes a reply of a thread.
    pub(in super::super) fn delete(&mut self, message_id: &MessageId, root_id: &MessageId) {
        self.gone.push(message_id.to_string());
        self.touch(root_id);
    }

    fn touch(&mut self, root_id: &MessageId) {
        self.roots.insert(root_id.clone());
        self.touched = Some(root_id.clone());
    }

    /// The root whose thread has changed since the last call.
    pub(in super::super) fn take_touched(&mut self) -> Option<MessageId> {
        self.touched.take()
    }

    pub(super) fn writes(&self) -> Vec<Write> {
        let reply = |reply: &Reply| {
            json!({
                "message_id": reply.message_id, "root_id": reply.root_id, "room_id": reply.room_id,
                "sender_id": reply.sender_id, "is_in_room": reply.is_in_room, "at": text_of(reply.at),
            })
        };
        let follower = |((root_id, user_id), follower): (&(String, String), &Follower)| {
            json!({
                "root_id": root_id, "user_id": user_id, "room_id": follower.room_id,
                "read_at": text_of(follower.read_at), "read_id": follower.read_id,
            })
        };
        let replies: Vec<Value> = self.replies.iter().map(reply).collect();
        let gone: Vec<Value> = self.gone.iter().map(|id| json!(id)).collect();
        vec![
            Write { sql: INSERT, expected: replies.len(), rows: replies },
            Write { sql: DELETE, expected: 0, rows: gone },
            Write { sql: FOLLOW, expected: 0, rows: self.followers.iter().map(follower).collect() },
            Write { sql: RECOUNT_PG, expected: 0, rows: self.roots.iter().map(|id| json!(id)).collect() },
        ]
    }

    /// Reads the changed summaries. The statement is made at the call.
    pub(super) fn list_summaries_pg<'a>(
        &self,
        session: &'a Session<'_>,
    ) -> impl Future<Output = Result<Summaries>> + use<'a> {
        let read = (!self.roots.is_empty()).then(|| session.query(SUMMARIES, &self.roots));
        async move {
            let Some(read) = read else { return Ok(Summaries::new()) };
            let rows: Vec<(String, Option<String>)> = read.await?;
            Ok(rows.into_iter().map(|(id, thread)| (id.into(), summary_of(thread.as_deref()))).collect())
        }
    }

    /// Writes the rows, and returns the changed summaries.
    pub(super) fn write_sqlite(&self, c: &mut SqliteConnection) -> QueryResult<Summaries> {
        if self.roots.is_empty() {
            return Ok(Summaries::new());
        }
        for reply in &self.replies {
            let row = (
                thread_reply::message_id.eq(&reply.message_id),
                thread_reply::root_id.eq(&reply.root_id),
                thread_reply::room_id.eq(&reply.room_id),
                thread_reply::sender_id.eq(&reply.sender_id),
                thread_reply::is_in_room.eq(reply.is_in_room),
                thread_reply::at.eq(reply.at),
            );
            diesel::insert_into(thread_reply::table).values(row).execute(c)?;
        }
        let gone = thread_reply::table.filter(thread_reply::message_id.eq_any(&self.gone));
        diesel::update(gone).set(thread_reply::is_gone.eq(true)).execute(c)?;
        for ((root_id, user_id), follower) in &self.followers {
            diesel::sql_query(FOLLOW_LITE)
                .bind::<Text, _>(root_id)
                .bind::<Text, _>(user_id)
                .bind::<Text, _>(&follower.room_id)
                .bind::<SqlTimestamp, _>(follower.read_at)
                .bind::<Text, _>(&follower.read_id)
                .execute(c)?;
        }
        let roots = json!(self.roots).to_string();
        for recount in RECOUNT_LITE {
            diesel::sql_query(recount).bind::<Text, _>(&roots).execute(c)?;
        }
        let rows: Vec<SummaryRow> = diesel::sql_query(SUMMARIES_LITE).bind::<Text, _>(&roots).load(c)?;
        Ok(rows.into_iter().map(SummaryRow::into_summary).collect())
    }
}
