//! Search on SQLite. FTS5 returns messages in the order of their numbers, which is that of time: a page of the commonest
//! word is read as fast as that of a rare one.

use std::sync::Arc;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
    sqlite::SqliteConnection,
};
use serde_json::json;

use super::{Hit, Wanted};
use crate::{
    chat::Result,
    db::{Db, on_lease},
    search::{Cursor, Tag},
};

/// The bits of a number that tell messages of one millisecond apart.
const COUNTER_BITS: u32 = 20;
/// The last millisecond that has numbers of its own; it is in the year 2248.
const MAX_MILLIS: i64 = (1 << (62 - COUNTER_BITS)) * 2 - 1;
/// With more rooms, each message is asked for its room, instead of all rooms for their messages.
const MAX_ROOM_TAGS: usize = 64;

/// The millisecond of a moment, in microseconds, whose numbers a message has.
pub(super) fn slot(micros: i64) -> i64 {
    micros.div_euclid(1_000).clamp(-MAX_MILLIS - 1, MAX_MILLIS)
}

/// The least number of a moment, in microseconds.
fn number_at(micros: i64) -> i64 {
    slot(micros) << COUNTER_BITS
}

const BY_WORDS: &str = "
    SELECT message.number, message.message_id
    FROM chatoxide_search_words AS word CROSS JOIN chatoxide_search_message AS message ON message.number = word.rowid
    WHERE chatoxide_search_words MATCH ?1 AND word.rowid >= ?2 AND word.rowid < ?3
    ORDER BY word.rowid DESC LIMIT ?4";

const BY_WORDS_IN_MANY_ROOMS: &str = "
    SELECT message.number, message.message_id
    FROM chatoxide_search_words AS word CROSS JOIN chatoxide_search_message AS message ON message.number = word.rowid
    WHERE chatoxide_search_words MATCH ?1 AND word.rowid >= ?2 AND word.rowid < ?3
        AND message.room IN (SELECT value FROM json_each(?5))
    ORDER BY word.rowid DESC LIMIT ?4";

/// The first parameter is empty.
const IN_MANY_ROOMS: &str = "
    SELECT message.number, message.message_id FROM chatoxide_search_message AS message
    WHERE ?1 = '' AND message.number >= ?2 AND message.number < ?3
        AND +message.room IN (SELECT value FROM json_each(?5))
    ORDER BY message.number DESC LIMIT ?4";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    message_id: String,
}

pub(super) async fn list_newest(db: &Db, wanted: &Wanted, limit: usize) -> Result<Vec<Hit>> {
    let Db::Lite { readers, .. } = db else { return Ok(Vec::new()) };
    let before = wanted.before.map_or(i64::MAX, number_at);
    // A cursor that another database has given is at the beginning of its millisecond.
    let after = wanted.after.as_ref().map(|cursor| cursor.key.parse().unwrap_or(number_at(cursor.at)));
    let (statement, expression) = match &wanted.expression {
        expression if wanted.rooms.len() <= MAX_ROOM_TAGS => {
            let rooms = wanted.rooms.iter().map(|number| Tag::Room(*number)).collect();
            (BY_WORDS, expression.clone().and_any(rooms))
        }
        expression if expression.is_empty() => (IN_MANY_ROOMS, expression.clone()),
        expression => (BY_WORDS_IN_MANY_ROOMS, expression.clone()),
    };
    let (rooms, expression) = (json!(wanted.rooms).to_string(), expression.fts5());
    let (since, held) = (wanted.since.map_or(i64::MIN, number_at), Arc::clone(&wanted.held));
    let load = move |c: &mut SqliteConnection| -> QueryResult<Vec<Row>> {
        use diesel::RunQueryDsl as _;
        let _until_it_has_ended = held;
        let found = diesel::sql_query(statement)
            .bind::<Text, _>(expression)
            .bind::<BigInt, _>(since)
            .bind::<BigInt, _>(after.map_or(before, |after: i64| after.min(before)))
            .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX));
        if statement == BY_WORDS { found.load(c) } else { found.bind::<Text, _>(&rooms).load(c) }
    };
    let search = Box::pin(async {
        on_lease!(once readers db readers, connection => connection.spawn_blocking(load).await?)
    });
    let rows = db.within_timeout(search).await?;
    let hit = |row: Row| Hit {
        message_id: row.message_id.into(),
        cursor: Cursor { score: None, at: (row.number >> COUNTER_BITS) * 1_000, key: row.number.to_string() },
    };
    Ok(rows.into_iter().map(hit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_by_time_for_any_moment() {
        let moments = [i64::MIN, -1_001, -1, 0, 999, 1_000, 1_769_850_307_042_000, i64::MAX / 2, i64::MAX];
        let numbers = moments.map(number_at);
        assert!(numbers.is_sorted(), "{numbers:?}");
        assert_eq!((number_at(0), number_at(-1) >> COUNTER_BITS), (0, -1));
        assert_eq!(number_at(1_769_850_307_042_999) >> COUNTER_BITS, 1_769_850_307_042);
    }
}
