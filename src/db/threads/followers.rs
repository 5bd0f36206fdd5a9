//! The users who follow threads: which ones, and up to where they have read.

use chrono::NaiveDateTime;
use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Bool, Nullable, Text, Timestamp as SqlTimestamp},
};
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::{FoundThread, of_message::summary_of, pages::own};
use crate::{
    chat::{
        Result,
        id::{MessageId, RoomId, UserId},
        message::Place,
        timestamp::Timestamp,
    },
    db::{
        Db, on,
        threads::{thread_lite, thread_pg},
        unread::MAX_COUNTED,
    },
    protocol::ThreadSummaryView,
};

/// The unread replies of a thread: those of others behind the place up to which the user has read.
macro_rules! unread {
    () => {
        "(SELECT count(*) FROM (
            SELECT 1 FROM own.thread_reply AS reply
            WHERE reply.root_id = follower.root_id AND (reply.at, reply.message_id) > (follower.read_at, follower.read_id)
                AND NOT reply.is_gone AND reply.sender_id <> follower.user_id LIMIT 99
        ) AS of_others)"
    };
}

#[derive(QueryableByName)]
struct UnreadRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    unread: i64,
}

const UNREAD: &str = concat!(
    "SELECT follower.user_id AS user_id, ",
    unread!(),
    " AS unread FROM own.thread_follower AS follower
    WHERE follower.root_id = $1 AND follower.follows AND follower.user_id IN (SELECT the_users)"
);

/// Counts the unread replies of a thread for those of these users who follow it.
pub async fn unread_of(db: &Db, root_id: &MessageId, users: &[UserId]) -> Result<Vec<(UserId, i64)>> {
    let listed = match db {
        Db::Pg { .. } => "json_array_elements_text(CAST($2 AS JSON))",
        Db::Lite { .. } => "value FROM json_each($2)",
    };
    let text = own(db, &UNREAD.replace("the_users", listed));
    let users = json!(users).to_string();
    let rows: Vec<UnreadRow> = on!(db.readers, c => diesel::sql_query(&text)
        .bind::<Text, _>(root_id.as_str())
        .bind::<Text, _>(&users)
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(|row| (row.user_id.into(), row.unread.min(MAX_COUNTED))).collect())
}

/// Lists at most `limit` users who follow a thread, by id, after one.
pub async fn list_followers(
    db: &Db,
    root_id: &MessageId,
    after: &UserId,
    limit: usize,
) -> Result<Vec<UserId>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found: Vec<String> = on!(db.readers, c => own::thread_follower::table
        .filter(own::thread_follower::root_id.eq(root_id.as_str()).and(own::thread_follower::follows.eq(true)))
        .filter(own::thread_follower::user_id.gt(after.as_str()))
        .order(own::thread_follower::user_id)
        .limit(limit)
        .select(own::thread_follower::user_id)
        .load(c)
        .await?)?;
    Ok(found.into_iter().map(UserId::from).collect())
}

/// Without a row yet, the user has read the thread up to its last reply.
const FOLLOW: &str = "
    INSERT INTO own.thread_follower AS there (root_id, user_id, room_id, follows, read_at, read_id)
    SELECT one.root_id, $2, $3, the_choice, coalesce(thread.last_at, $4), coalesce(thread.last_id, '')
    FROM (SELECT CAST($1 AS TEXT) AS root_id) AS one LEFT JOIN own.thread AS thread ON thread.root_id = one.root_id
    WHERE true ON CONFLICT (root_id, user_id) DO UPDATE SET follows = excluded.follows";

/// Lets a user follow a thread, or not any more.
pub async fn follow(
    db: &Db,
    thread: &FoundThread,
    user_id: &UserId,
    (follows, now): (bool, Timestamp),
) -> Result<()> {
    let text = own(db, &FOLLOW.replace("the_choice", if follows { "true" } else { "false" }));
    on!(db.writer, c => diesel::sql_query(&text)
        .bind::<Text, _>(thread.root_id.as_str())
        .bind::<Text, _>(user_id.as_str())
        .bind::<Text, _>(thread.room_id.as_str())
        .bind::<SqlTimestamp, _>(now.naive())
        .execute(c)
        .await
        .map(drop)?)
}

/// The users follow the thread whose reply was edited so that it mentions them, unless they have chosen not to.
const FOLLOW_AS_MENTIONED: &str = "
    INSERT INTO own.thread_follower AS there (root_id, user_id, room_id, follows, read_at, read_id)
    SELECT reply.root_id, one.id, reply.room_id, true, reply.at, ''
    FROM own.thread_reply AS reply CROSS JOIN (the_users) AS one
    WHERE reply.message_id = $1 ON CONFLICT (root_id, user_id) DO UPDATE SET follows = true WHERE there.follows IS NULL";

/// Lets users follow the thread of a reply that mentions them since it was edited.
pub async fn follow_as_mentioned(db: &Db, message_id: &MessageId, users: &[UserId]) -> Result<()> {
    let listed = match db {
        Db::Pg { .. } => "SELECT json_array_elements_text(CAST($2 AS JSON)) AS id",
        Db::Lite { .. } => "SELECT value AS id FROM json_each($2)",
    };
    let text = own(db, &FOLLOW_AS_MENTIONED.replace("the_users", listed));
    let users = json!(users).to_string();
    on!(db.writer, c => diesel::sql_query(&text)
        .bind::<Text, _>(message_id.as_str())
        .bind::<Text, _>(&users)
        .execute(c)
        .await
        .map(drop)?)
}

/// Whether the user follows a thread.
pub async fn is_following(db: &Db, root_id: &MessageId, user_id: &UserId) -> Result<bool> {
    let found: Option<Option<bool>> = on!(db.readers, c => own::thread_follower::table
        .find((root_id.as_str(), user_id.as_str()))
        .select(own::thread_follower::follows)
        .first(c)
        .await
        .optional()?)?;
    Ok(found.flatten().unwrap_or_default())
}

/// Finds the place of a reply in its thread, also of one that is gone.
pub async fn place_of(db: &Db, root_id: &MessageId, message_id: &MessageId) -> Result<Option<Place>> {
    let at: Option<NaiveDateTime> = on!(db.readers, c => own::thread_reply::table
        .filter(own::thread_reply::message_id.eq(message_id.as_str()))
        .filter(own::thread_reply::root_id.eq(root_id.as_str()))
        .select(own::thread_reply::at)
        .first(c)
        .await
        .optional()?)?;
    Ok(at.map(|at| Place { at: at.into(), id: message_id.clone() }))
}

const READ: &str = "
    INSERT INTO own.thread_follower AS there (root_id, user_id, room_id, follows, read_at, read_id)
    SELECT $1, $2, $3, CAST(NULL AS BOOLEAN), $4, $5 WHERE true ON CONFLICT (root_id, user_id)
    DO UPDATE SET read_at = excluded.read_at, read_id = excluded.read_id
    WHERE (there.read_at, there.read_id) < (excluded.read_at, excluded.read_id)";

/// Notes that the user has read a thread up to a place. It never goes back.
pub async fn mark_read(db: &Db, thread: &FoundThread, user_id: &UserId, place: &Place) -> Result<()> {
    let text = own(db, READ);
    on!(db.writer, c => diesel::sql_query(&text)
        .bind::<Text, _>(thread.root_id.as_str())
        .bind::<Text, _>(user_id.as_str())
        .bind::<Text, _>(thread.room_id.as_str())
        .bind::<SqlTimestamp, _>(place.at.naive())
        .bind::<Text, _>(place.id.as_str())
        .execute(c)
        .await
        .map(drop)?)
}

/// Which of a user's threads are listed.
pub struct FollowedQuery<'a> {
    pub user_id: &'a UserId,
    /// Only those whose last reply is older than this place: a time, and the id of a root.
    pub before: &'a Place,
    /// Only those of this room.
    pub room_id: Option<&'a RoomId>,
    /// Only those with unread replies.
    pub unread_only: bool,
    pub limit: usize,
}

/// A thread that a user follows.
pub struct FollowedThread {
    pub root_id: MessageId,
    pub room_id: RoomId,
    pub last_at: Timestamp,
    pub unread: i64,
    pub summary: Option<ThreadSummaryView>,
}

#[derive(QueryableByName)]
struct FollowedRow {
    #[diesel(sql_type = Text)]
    root_id: String,
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = SqlTimestamp)]
    last_at: NaiveDateTime,
    #[diesel(sql_type = BigInt)]
    unread: i64,
    #[diesel(sql_type = Nullable<Text>)]
    thread: Option<String>,
}

/// The user's threads are found by an index, and only those of the page are counted.
const FOLLOWED: &str = concat!(
    "SELECT follower.root_id AS root_id, follower.room_id AS room_id, follower.last_at AS last_at, ",
    unread!(),
    " AS unread, the_thread AS thread
    FROM (
        SELECT follower.*, thread.last_at AS last_at FROM own.thread_follower AS follower
        JOIN own.thread AS thread ON thread.root_id = follower.root_id
        WHERE follower.user_id = $1 AND follower.follows AND (thread.last_at, thread.root_id) < ($2, $3)
            AND ($4 = '' OR follower.room_id = $4)
            AND (NOT $5 OR EXISTS (
                SELECT 1 FROM own.thread_reply AS reply
                WHERE reply.root_id = follower.root_id AND (reply.at, reply.message_id) > (follower.read_at, follower.read_id)
                    AND NOT reply.is_gone AND reply.sender_id <> follower.user_id
            ))
        ORDER BY thread.last_at DESC, thread.root_id DESC LIMIT $6
    ) AS follower ORDER BY follower.last_at DESC, follower.root_id DESC"
);

/// Lists the threads that a user follows, the one with the newest reply first.
pub async fn list_followed(db: &Db, query: &FollowedQuery<'_>) -> Result<Vec<FollowedThread>> {
    let thread = match db {
        Db::Pg { .. } => thread_pg!("follower.root_id"),
        Db::Lite { .. } => thread_lite!("follower.root_id"),
    };
    let text = own(db, &FOLLOWED.replace("the_thread", thread));
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let rows: Vec<FollowedRow> = on!(db.readers, c => diesel::sql_query(&text)
        .bind::<Text, _>(query.user_id.as_str())
        .bind::<SqlTimestamp, _>(query.before.at.naive())
        .bind::<Text, _>(query.before.id.as_str())
        .bind::<Text, _>(query.room_id.map_or("", RoomId::as_str))
        .bind::<Bool, _>(query.unread_only)
        .bind::<BigInt, _>(limit)
        .load(c)
        .await?)?;
    let thread = |row: FollowedRow| FollowedThread {
        root_id: row.root_id.into(),
        room_id: row.room_id.into(),
        last_at: row.last_at.into(),
        unread: row.unread.min(MAX_COUNTED),
        summary: summary_of(row.thread.as_deref()),
    };
    Ok(rows.into_iter().map(thread).collect())
}
