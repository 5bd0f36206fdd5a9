//! Readers of a message are found by the index of members, whatever type their ids have.

use chatoxide::chat::id::UserId;
use serde_json::json;

use super::deviations::{ALL, UUIDS, with_uuids};
use crate::support::{
    Client, TestDatabase, TestServer,
    process::{ServerProcess, settings},
    server, until,
    walk::ask,
};

const MEMBERS: i64 = 20_000;

/// The rows of members that PostgreSQL has read, by connections that began later and have ended.
async fn members_read(database: &TestDatabase, since: &str) -> i64 {
    let others = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND backend_start > '{since}'"
    );
    until("other connections end", async || (database.select(&others).await == ["0"]).then_some(())).await;
    let rows = "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = '_RoomMembers')
                     + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = '_RoomMembers')";
    database.select(rows).await[0].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_whose_ids_are_uuids_are_found_by_the_index_of_members() {
    let server = TestServer::start_with(with_uuids(&ALL).await, &[]).await;
    let (mut alice, mut bob) = (server.connect(UUIDS.alice).await, server.connect(UUIDS.bob).await);
    ask(&mut alice, "room:invite", json!({"roomId": UUIDS.old, "userId": UUIDS.bob})).await;
    ask(&mut bob, "room:read", UUIDS.old.into()).await;
    let database = server.stop().await;
    let fill = format!(
        r#"INSERT INTO "User" ("id", "name", "email", "createdAt")
            SELECT CAST(lpad(to_hex(n), 32, '0') AS UUID), 'member', n || '@x', now() FROM generate_series(1, {MEMBERS}) AS s (n);
        INSERT INTO "_RoomMembers" ("A", "B")
            SELECT '{}', CAST(lpad(to_hex(n), 32, '0') AS UUID) FROM generate_series(1, {MEMBERS}) AS s (n);
        UPDATE "Room" SET "type" = 'public';
        INSERT INTO chatoxide.read_marker (room_id, user_id, seq, at) VALUES ('{}', 'no uuid', 0, now());
        ANALYZE;"#,
        UUIDS.old, UUIDS.old
    );
    database.execute(&fill).await;
    let now = database.select("SELECT clock_timestamp()").await.remove(0);
    let before = members_read(&database, &now).await;
    let server = ServerProcess::start(&database, &settings(&database, &[("SEARCH", "off")]).await).await;
    let mut alice = Client::connect(server.address, &server::token(UUIDS.alice)).await.unwrap();
    let readers = ask(&mut alice, "message:readers", json!({"messageId": UUIDS.m1})).await;
    let ids: Vec<UserId> = readers["readers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reader| reader["id"].as_str().unwrap().into())
        .collect();
    assert_eq!(ids, [UserId::from(UUIDS.bob)]);
    drop(alice);
    server.kill().await;
    let read = members_read(&database, &now).await - before;
    assert!(read < MEMBERS / 10, "{read} rows of {MEMBERS}");
}
