//! The rooms of the index: which there are, which are behind their logs, and whose history is not indexed yet.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Text},
};
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::named;
use crate::{
    chat::{Result, id::RoomId},
    db::{Db, in_transaction, on},
};

/// A room of the index.
#[derive(Clone, Debug)]
pub struct IndexedRoom {
    pub number: i32,
    pub room_id: RoomId,
    /// Its whole history is indexed.
    pub is_filled: bool,
}

#[derive(QueryableByName)]
struct RoomRow {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = Bool)]
    is_filled: bool,
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    room_id: String,
}

/// How much of the history is indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Progress {
    #[diesel(sql_type = BigInt)]
    pub rooms: i64,
    /// Rooms whose history is not indexed yet, or not to its beginning.
    #[diesel(sql_type = BigInt)]
    pub unfilled: i64,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    is_any: bool,
}

/// The ids of a JSON array.
const IDS_PG: &str = "(SELECT json_array_elements_text(CAST($1 AS JSON)))";
const IDS_LITE: &str = "(SELECT value FROM json_each($1))";

fn ids(db: &Db) -> &'static str {
    if matches!(db, Db::Pg { .. }) { IDS_PG } else { IDS_LITE }
}

/// True if the tables of the index are there, and this role may read them.
pub async fn is_available(db: &Db) -> Result<bool> {
    const COUNT_PG: &str = "SELECT CAST(coalesce(bool_and(
            has_table_privilege(id, 'SELECT') AND has_table_privilege(id, 'INSERT')
            AND has_table_privilege(id, 'UPDATE') AND has_table_privilege(id, 'DELETE')
        ), false) AND count(*) = 2 AS BOOLEAN) AS is_there FROM (
            SELECT class.oid AS id FROM pg_class AS class JOIN pg_namespace AS own ON own.oid = relnamespace
            WHERE own.nspname = 'chatoxide' AND relname IN ('search_room', 'search_message')
                AND has_schema_privilege(own.oid, 'USAGE')
        ) AS tables";
    const COUNT_LITE: &str = "SELECT count(*) = 3 AS is_there FROM sqlite_master
        WHERE name IN ('chatoxide_search_room', 'chatoxide_search_message', 'chatoxide_search_words')";
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        is_there: bool,
    }
    let statement = if matches!(db, Db::Pg { .. }) { COUNT_PG } else { COUNT_LITE };
    let found: Found = on!(db.readers, c => diesel::sql_query(statement).get_result(c).await?)?;
    Ok(found.is_there)
}

/// Returns those of these rooms that are in the index.
pub async fn list_rooms(db: &Db, room_ids: &[RoomId]) -> Result<Vec<IndexedRoom>> {
    let statement =
        named(db, "SELECT number, room_id, is_filled FROM own.search_room WHERE room_id IN ") + ids(db);
    let wanted = json!(room_ids).to_string();
    let rows: Vec<RoomRow> =
        on!(db.readers, c => diesel::sql_query(&statement).bind::<Text, _>(&wanted).load(c).await?)?;
    let room = |row: RoomRow| IndexedRoom {
        number: row.number,
        room_id: row.room_id.into(),
        is_filled: row.is_filled,
    };
    Ok(rows.into_iter().map(room).collect())
}

/// The most rooms that are added at once.
pub const MAX_ADDED: usize = 5_000;

/// A room whose log is short and whole is followed from its beginning on: its messages are then indexed without an index
/// on their times, too.
const FROM_FIRST: &str = "CASE WHEN head.seq <= 1000 AND EXISTS (
        SELECT 1 FROM own.room_log AS first WHERE first.room_id = room.id AND first.seq = 1
    ) THEN 0 ELSE coalesce(head.seq, 0) END";

/// Adds rooms that are not in the index yet, of these or of all: at most [`MAX_ADDED`]. Their logs are followed from now on,
/// and what is in them now is history. Returns how many these were.
pub async fn add_new_rooms(db: &Db, room_ids: Option<&[RoomId]>) -> Result<usize> {
    let is_followed_whole = room_ids.is_some() || db.facts().lacks_index();
    let from = if is_followed_whole { FROM_FIRST } else { "coalesce(head.seq, 0)" };
    let only = json!(room_ids.unwrap_or_default()).to_string();
    // The parameter is there in either case.
    let condition = if room_ids.is_some() { "room.id IN" } else { "'[]' IN" };
    let ids = if room_ids.is_some() { ids(db) } else { "($1)" };
    let statement = named(
        db,
        &format!(
            r#"INSERT INTO own.search_room (room_id, seq)
        SELECT room.id, {from} FROM (SELECT CAST("id" AS TEXT) AS id FROM "Room") AS room
        LEFT JOIN own.room_head AS head ON head.room_id = room.id
        WHERE NOT EXISTS (SELECT 1 FROM own.search_room AS stored WHERE stored.room_id = room.id)
            AND {condition} {ids}
        LIMIT {MAX_ADDED} ON CONFLICT (room_id) DO NOTHING"#
        ),
    );
    on!(db.writer, c => diesel::sql_query(&statement).bind::<Text, _>(&only).execute(c).await?)
}

/// Begins the history again of those of these rooms whose newest message is not indexed, although their logs are: another
/// program has written there. Returns how many these are.
pub async fn refill_behind(db: &Db, room_ids: &[RoomId]) -> Result<usize> {
    let statement = named(
        db,
        &format!(
            r#"UPDATE own.search_room SET is_filled = false, filled_at = NULL, filled_id = ''
        WHERE number IN (
            SELECT stored.number FROM own.search_room AS stored
            LEFT JOIN own.room_head AS head ON head.room_id = stored.room_id
            WHERE stored.room_id IN {} AND stored.is_filled AND stored.seq >= coalesce(head.seq, 0) AND EXISTS (
                SELECT 1 FROM (
                    SELECT CAST("Message"."id" AS TEXT) AS id FROM "Message"
                    WHERE "roomId" = CAST(stored.room_id AS /*room*/TEXT) AND "createdAt" IS NOT NULL
                        AND "senderId" IS NOT NULL
                    ORDER BY "createdAt" DESC LIMIT 1
                ) AS newest
                WHERE NOT EXISTS (SELECT 1 FROM own.search_message AS message WHERE message.message_id = newest.id)
            )
        )"#,
            ids(db)
        ),
    );
    let statement = match db {
        Db::Pg { .. } => db.facts().columns().adapt("", &statement).into_owned(),
        // A cast keeps SQLite from an index.
        Db::Lite { .. } => statement.replace("CAST(stored.room_id AS /*room*/TEXT)", "stored.room_id"),
    };
    let wanted = json!(room_ids).to_string();
    on!(db.writer, c => diesel::sql_query(&statement).bind::<Text, _>(&wanted).execute(c).await?)
}

/// Removes rooms that no longer exist, with their messages: at most a thousand of these. Returns how many these were.
pub async fn remove_deleted_rooms(db: &Db) -> Result<usize> {
    // A cast keeps SQLite from the index.
    let (key, id) = match db {
        Db::Pg { .. } => ("message_id", r#"CAST("Room"."id" AS TEXT)"#),
        Db::Lite { .. } => ("number", r#""Room"."id""#),
    };
    let gone = format!(
        r#"(SELECT number FROM own.search_room AS stored
        WHERE NOT EXISTS (SELECT 1 FROM "Room" WHERE {id} = stored.room_id))"#
    );
    // The writer is for those who change something.
    let look = named(db, &format!("SELECT EXISTS {gone} AS is_any"));
    let found: Found = on!(db.readers, c => diesel::sql_query(&look).get_result(c).await?)?;
    if !found.is_any {
        return Ok(0);
    }
    let some =
        format!("(SELECT {key} FROM own.search_message WHERE room IN {gone} ORDER BY {key} LIMIT 1000)");
    let mut statements = vec![
        format!(
            "DELETE FROM own.search_room WHERE number IN {gone}
            AND NOT EXISTS (SELECT 1 FROM own.search_message AS message WHERE message.room = number)"
        ),
        format!("DELETE FROM own.search_message WHERE {key} IN {some}"),
    ];
    if matches!(db, Db::Lite { .. }) {
        statements.insert(1, format!("DELETE FROM own.search_words WHERE rowid IN {some}"));
    }
    let statements: Vec<String> = statements.iter().map(|text| named(db, text)).collect();
    in_transaction!($ db write, c => {
        let mut removed = 0;
        for statement in &statements {
            removed = run!(c.execute(diesel::sql_query(statement)));
        }
        Ok(removed)
    })
}

/// The statements that remove messages and rooms from the index. Their parameters are the ids of the messages and those of
/// the rooms, as JSON.
pub(in crate::db) fn forget_statements(db: &Db) -> Vec<String> {
    match db {
        Db::Pg { .. } => {
            let ids = |place: u8| format!("(SELECT json_array_elements_text(CAST(${place} AS JSON)))");
            vec![format!(
                "WITH room AS (DELETE FROM chatoxide.search_room WHERE room_id IN {} RETURNING number)
                DELETE FROM chatoxide.search_message
                WHERE message_id IN {} OR room IN (SELECT number FROM room)",
                ids(2),
                ids(1)
            )]
        }
        Db::Lite { .. } => {
            let rooms = "FROM chatoxide_search_room WHERE room_id IN (SELECT value FROM json_each(?2))";
            let messages = format!(
                "(SELECT number FROM chatoxide_search_message WHERE message_id IN (SELECT value FROM json_each(?1))
                    OR room IN (SELECT number {rooms}))"
            );
            vec![
                format!("DELETE FROM chatoxide_search_words WHERE rowid IN {messages}"),
                format!("DELETE FROM chatoxide_search_message WHERE number IN {messages}"),
                format!("DELETE {rooms} AND ?1 IS NOT NULL"),
            ]
        }
    }
}

/// Returns rooms whose logs have entries that are not indexed, or have lost some.
pub async fn list_behind(db: &Db, limit: i64) -> Result<Vec<RoomId>> {
    let statement = named(
        db,
        "SELECT stored.room_id FROM own.search_room AS stored JOIN own.room_head AS head ON head.room_id = stored.room_id
        WHERE head.seq <> stored.seq LIMIT $1",
    );
    let rows: Vec<IdRow> =
        on!(db.readers, c => diesel::sql_query(&statement).bind::<BigInt, _>(limit).load(c).await?)?;
    Ok(rows.into_iter().map(|row| row.room_id.into()).collect())
}

/// Returns rooms whose history is not indexed to its beginning; those with the newest messages to index come first.
pub async fn list_unfilled(db: &Db, limit: usize) -> Result<Vec<RoomId>> {
    let order = if matches!(db, Db::Pg { .. }) {
        "filled_at DESC NULLS FIRST"
    } else {
        "filled_at IS NOT NULL, filled_at DESC"
    };
    let statement = named(
        db,
        &format!("SELECT room_id FROM own.search_room WHERE NOT is_filled ORDER BY {order}, number LIMIT $1"),
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows: Vec<IdRow> =
        on!(db.readers, c => diesel::sql_query(&statement).bind::<BigInt, _>(limit).load(c).await?)?;
    Ok(rows.into_iter().map(|row| row.room_id.into()).collect())
}

pub async fn progress(db: &Db) -> Result<Progress> {
    let statement = named(
        db,
        "SELECT count(*) AS rooms, count(CASE WHEN is_filled THEN NULL ELSE 1 END) AS unfilled FROM own.search_room",
    );
    on!(db.readers, c => diesel::sql_query(&statement).get_result(c).await?)
}

/// Begins the history of all rooms again. What is indexed stays until it is indexed again.
pub async fn refill_all(db: &Db) -> Result<usize> {
    let statement =
        named(db, "UPDATE own.search_room SET is_filled = false, filled_at = NULL, filled_id = ''");
    on!(db.writer, c => diesel::sql_query(&statement).execute(c).await?)
}

/// Empties the index, and begins the history of all rooms again.
pub async fn begin_anew(db: &Db) -> Result<()> {
    // The rooms first, as those who index them lock first.
    let begin = "UPDATE own.search_room SET is_filled = false, filled_at = NULL, filled_id = ''";
    let statements: Vec<String> = match db {
        Db::Pg { .. } => vec![named(db, begin), named(db, "TRUNCATE own.search_message")],
        Db::Lite { .. } => vec![
            named(db, begin),
            named(db, "DELETE FROM own.search_message"),
            named(db, "INSERT INTO own.search_words (own.search_words) VALUES ('delete-all')"),
        ],
    };
    in_transaction!($ db write, c => {
        for statement in &statements {
            run!(c.execute(diesel::sql_query(statement)));
        }
        Ok(())
    })
}
