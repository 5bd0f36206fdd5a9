//! Search on PostgreSQL, in two phases. A GIN index cannot return its messages in an order, so the words that most
//! messages have would cost a second. First, therefore, the newest messages of each room are looked at, by its index in
//! time: that finds a page of common words at once. Only if there is none do the words lead to the messages.

use std::time::Duration;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Integer, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::json;

use super::{Hit, HitRow, Wanted};
use crate::{
    chat::{Error, Result},
    db::{Db, build_transaction_snapshot, on_lease, prepared::Prepared},
    search::{Cursor, Tag},
};

/// The newest messages of a room that the first phase looks at, and of all rooms together.
const WINDOW: usize = 1_000;
const ALL_WINDOWS: usize = 5_000;
/// For each result that is wanted, the first phase looks at this many messages, if that is more.
const PER_RESULT: usize = 20;
/// The least window: with thousands of rooms the first phase looks at more than `ALL_WINDOWS`.
const MIN_WINDOW: usize = 10;

/// The longest that a statement may run.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(3);

/// The planner would sort all messages of a room. Each room is read in the order of its index, until enough are found.
const NEWEST: &str = "
    SELECT room.number, hit.message_id, hit.at
    FROM (SELECT CAST(json_array_elements_text(CAST($1 AS JSON)) AS INTEGER) AS number) AS room
    CROSS JOIN LATERAL (
        SELECT newest.message_id, newest.at FROM (
            SELECT message_id, at, tokens FROM chatoxide.search_message
            WHERE room = room.number AND at >= $2 AND (at, message_id) < ($3, $4)
            ORDER BY at DESC, message_id DESC LIMIT $5
        ) AS newest WHERE ($7 = '' OR newest.tokens @@ CAST(nullif($7, '') AS tsquery))
        ORDER BY newest.at DESC, newest.message_id DESC LIMIT $6
    ) AS hit";

/// The ends of the windows of rooms that have older messages, too.
const ENDS: &str = "
    SELECT room.number, last.message_id, last.at
    FROM (SELECT CAST(json_array_elements_text(CAST($1 AS JSON)) AS INTEGER) AS number) AS room
    CROSS JOIN LATERAL (
        SELECT message_id, at FROM chatoxide.search_message
        WHERE room = room.number AND at >= $2 AND (at, message_id) < ($3, $4)
        ORDER BY at DESC, message_id DESC OFFSET $5 - 1 LIMIT 1
    ) AS last";

const BY_WORDS: &str = "
    SELECT message_id, at FROM chatoxide.search_message
    WHERE tokens @@ CAST($5 AS tsquery) AND at >= $1 AND (at, message_id) < ($2, $3)
    ORDER BY at DESC, message_id DESC LIMIT $4";

#[derive(QueryableByName)]
struct RoomHitRow {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    message_id: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
}

/// A place in time; messages before it in the order of results are greater.
type Place = (i64, String);

/// The bounds of a search, as they are bound to its statements.
struct Bounds {
    since: i64,
    before: Place,
    limit: i64,
    window: i64,
}

pub(super) async fn list_newest(db: &Db, wanted: &Wanted, limit: usize) -> Result<Vec<Hit>> {
    let Db::Pg { pool, timeout, .. } = db else { return Ok(Vec::new()) };
    let bounds = bounds(wanted, limit);
    let timeout = (*timeout).min(STATEMENT_TIMEOUT).as_millis();
    let search = Box::pin(async {
        on_lease!(twice readers db pool, connection => build_transaction_snapshot(&mut connection)
            .run(async |c: &mut AsyncPgConnection| -> diesel::QueryResult<Vec<HitRow>> {
                c.batch_execute(&format!(
                    "SET LOCAL statement_timeout = {timeout}; SET LOCAL enable_seqscan = off; \
                     SET LOCAL enable_bitmapscan = off"
                ))
                .await?;
                if let Some(found) = newest_of_rooms(c, wanted, &bounds).await? {
                    return Ok(found);
                }
                c.batch_execute("SET LOCAL enable_bitmapscan = on").await?;
                by_words(c, wanted, &bounds).await
            })
            .await?)
    });
    let rows = match db.within_timeout(search).await {
        Err(Error::Unavailable(cause)) if cause.contains("statement timeout") => return Err(Error::Busy),
        rows => rows?,
    };
    let hit = |row: HitRow| Hit {
        message_id: row.message_id.as_str().into(),
        cursor: Cursor { score: None, at: row.at, key: row.message_id },
    };
    Ok(rows.into_iter().map(hit).collect())
}

fn bounds(wanted: &Wanted, limit: usize) -> Bounds {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let first = (wanted.before.unwrap_or(i64::MAX), String::new());
    let after = wanted.after.as_ref().map(|cursor| (cursor.at, cursor.key.clone()));
    let all = ALL_WINDOWS.max(limit.saturating_mul(PER_RESULT));
    let window = (all / wanted.rooms.len().max(1)).clamp(MIN_WINDOW, WINDOW);
    Bounds {
        since: wanted.since.unwrap_or(i64::MIN),
        before: after.map_or(first.clone(), |after| after.min(first)),
        limit: number(limit),
        window: number(window),
    }
}

/// The first phase. None: older messages than those that were looked at may belong to the page.
async fn newest_of_rooms(
    c: &mut AsyncPgConnection,
    wanted: &Wanted,
    bounds: &Bounds,
) -> diesel::QueryResult<Option<Vec<HitRow>>> {
    let newest = diesel::sql_query(NEWEST)
        .bind::<Text, _>(json!(wanted.rooms).to_string())
        .bind::<BigInt, _>(bounds.since)
        .bind::<BigInt, _>(bounds.before.0)
        .bind::<Text, _>(&bounds.before.1)
        .bind::<BigInt, _>(bounds.window)
        .bind::<BigInt, _>(bounds.limit)
        .bind::<Text, _>(wanted.expression.tsquery());
    let mut found: Vec<RoomHitRow> = Prepared(newest).load(c).await?;
    found.sort_by(|one, other| (other.at, &other.message_id).cmp(&(one.at, &one.message_id)));
    let limit = usize::try_from(bounds.limit).unwrap_or(usize::MAX);
    let count = |number: i32| found.iter().filter(|hit| hit.number == number).count();
    let (full, short): (Vec<i32>, Vec<i32>) =
        wanted.rooms.iter().partition(|number| count(**number) >= limit);
    // A room that gave as many as it may has older ones, perhaps.
    let last = |number: &i32| {
        let last = found.iter().rev().find(|hit| hit.number == *number)?;
        Some((last.at, last.message_id.clone()))
    };
    let ends_of_full = full.iter().filter_map(last);
    let ends = diesel::sql_query(ENDS)
        .bind::<Text, _>(json!(short).to_string())
        .bind::<BigInt, _>(bounds.since)
        .bind::<BigInt, _>(bounds.before.0)
        .bind::<Text, _>(&bounds.before.1)
        .bind::<BigInt, _>(bounds.window);
    let ends: Vec<RoomHitRow> = Prepared(ends).load(c).await?;
    let end: Option<Place> = ends.into_iter().map(|end| (end.at, end.message_id)).chain(ends_of_full).max();
    let is_certain = |hit: &RoomHitRow| {
        end.as_ref().is_none_or(|(at, id)| (hit.at, hit.message_id.as_str()) >= (*at, id.as_str()))
    };
    let certain = found.iter().take_while(|hit| is_certain(hit)).count();
    if certain < limit && end.is_some() {
        return Ok(None);
    }
    found.truncate(certain.min(limit));
    Ok(Some(found.into_iter().map(|hit| HitRow { message_id: hit.message_id, at: hit.at }).collect()))
}

/// The second phase: the index on words intersects them with the rooms, which are words, too.
async fn by_words(
    c: &mut AsyncPgConnection,
    wanted: &Wanted,
    bounds: &Bounds,
) -> diesel::QueryResult<Vec<HitRow>> {
    let rooms = wanted.rooms.iter().map(|number| Tag::Room(*number)).collect();
    let expression = wanted.expression.clone().and_any(rooms);
    let found = diesel::sql_query(BY_WORDS)
        .bind::<BigInt, _>(bounds.since)
        .bind::<BigInt, _>(bounds.before.0)
        .bind::<Text, _>(&bounds.before.1)
        .bind::<BigInt, _>(bounds.limit)
        .bind::<Text, _>(expression.tsquery());
    Prepared(found).load(c).await
}
