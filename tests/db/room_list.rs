//! Counts the rows of messages that PostgreSQL reads for a list of rooms.

use serde_json::{Value, json};

use crate::support::{Backend, TestDatabase, TestServer, until};

const ROOMS: i64 = 20;
const MESSAGES: i64 = 60_000;

/// Alice's rooms, with many messages of bob's in each. In one she has read none, and has written one herself.
async fn furnish() -> TestDatabase {
    let database = TestServer::start(Backend::Postgres).await.stop().await;
    database
        .execute(&format!(
            r#"INSERT INTO "User" ("id", "name", "email") VALUES ('alice', 'Alice', 'a@b.c'), ('bob', 'Bob', 'b@b.c');
            INSERT INTO "Room" ("id", "name", "type")
                SELECT 'r-' || n, 'r-' || n, 'public' FROM generate_series(1, {ROOMS}) AS s (n);
            INSERT INTO "_RoomMembers" SELECT "id", 'alice' FROM "Room";
            INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
                SELECT 'm-' || n, 'r-' || (n % {ROOMS} + 1), CASE WHEN n <= {ROOMS} THEN 'alice' ELSE 'bob' END, 'x',
                    timestamp '2026-01-01' + n * interval '1 second' FROM generate_series(1, {MESSAGES}) AS s (n);
            INSERT INTO chatoxide.read_marker (room_id, user_id, seq, at)
                SELECT "id", 'alice', 0, timestamp '2026-01-01 16:36:40' FROM "Room" WHERE "id" IN ('r-2', 'r-3');
            ANALYZE"#
        ))
        .await;
    database
}

/// Rows of `Message` that PostgreSQL has found by indexes, and has read by scans of the whole table.
async fn rows_read(database: &TestDatabase) -> (i64, i64) {
    // A session counts what it has read at its end.
    let others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    until("other sessions end", async || (database.select(others).await == ["0"]).then_some(())).await;
    let mut found = Vec::new();
    for column in ["idx_tup_fetch", "seq_tup_read"] {
        let rows = format!("SELECT {column} FROM pg_stat_user_tables WHERE relname = 'Message'");
        found.push(database.select(&rows).await[0].parse().unwrap());
    }
    (found[0], found[1])
}

/// The list of rooms of a server that is started for it, and what it reads.
async fn list(database: TestDatabase) -> (Value, (i64, i64), TestDatabase) {
    let (by_index, by_scan) = rows_read(&database).await;
    let server = TestServer::start_with(database, &[]).await;
    let mut alice = server.connect("alice").await;
    let rooms = alice.ask("rooms:list", json!({})).await["rooms"].take();
    drop(alice);
    let database = server.stop().await;
    let (index_then, scan_then) = rows_read(&database).await;
    (rooms, (index_then - by_index, scan_then - by_scan), database)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_room_is_read_up_to_what_is_shown_and_without_the_index_all_are_read_at_once() {
    let (rooms, (by_index, _), database) = list(furnish().await).await;
    let unread = |id: &str| {
        let room = rooms.as_array().unwrap().iter().find(|room| room["id"] == id).unwrap();
        (room["unreadCount"].as_i64().unwrap(), room["lastMessageAt"].as_str().unwrap().to_owned())
    };
    assert_eq!(unread("r-1"), (99, "2026-01-01T16:40:00.000Z".to_owned()));
    assert_eq!(unread("r-2").0, 10);
    // The newest, 99 of bob's, and one of her own.
    assert!((1..=ROOMS * 101).contains(&by_index), "{by_index} rows of {MESSAGES} read for {ROOMS} rooms");

    database.execute(r#"DROP INDEX "Message_roomId_createdAt_idx""#).await;
    let (without, (_, by_scan), _database) = list(database).await;
    assert_eq!(without, rooms, "the same list without the index");
    assert_eq!(by_scan, MESSAGES);
}

/// Makes the newest messages of a room replies that are only in their thread.
async fn hide(database: &TestDatabase, room: &str, count: usize) {
    database
        .execute(&format!(
            r#"INSERT INTO chatoxide.thread_reply (message_id, root_id, room_id, sender_id, is_in_room, at)
                SELECT "id", 'root', "roomId", "senderId", false, "createdAt" FROM "Message"
                WHERE "roomId" = '{room}' ORDER BY "createdAt" DESC LIMIT {count}; ANALYZE"#
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_message_is_looked_for_behind_the_replies_of_threads_and_no_further() {
    let database = furnish().await;
    hide(&database, "r-1", 100).await;
    let (rooms, (before, _), database) = list(database).await;
    let last = |rooms: &Value, id: &str| {
        rooms.as_array().unwrap().iter().find(|room| room["id"] == id).unwrap()["lastMessageAt"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(last(&rooms, "r-1"), "2026-01-01T16:06:40.000Z", "the 101st");
    // All 3,000 of a room, of which the oldest is the end of the search.
    hide(&database, "r-3", 3_000).await;
    let (rooms, (by_index, _), database) = list(database).await;
    assert_eq!(last(&rooms, "r-3"), "2026-01-01T00:00:02.000Z");
    assert!(by_index - before <= 6_000, "{by_index} rows, {before} before");

    // Without the index, all are read, and the same is left out.
    database.execute(r#"DROP INDEX "Message_roomId_createdAt_idx""#).await;
    let (rooms, ..) = list(database).await;
    assert_eq!(last(&rooms, "r-1"), "2026-01-01T16:06:40.000Z");
}
