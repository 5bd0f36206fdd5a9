//! Search of messages, over the wire.

mod changes;
mod history;
mod hostile;
mod others;
mod pages;
mod permission;
mod queries;
mod reindex;

use serde_json::{Value, json};

use crate::support::{Client, TestDatabase, TestServer, until};

pub const ON: [&str; 2] = ["--search", "on"];

/// Restarts a server as one that has search.
pub async fn searching(server: TestServer) -> TestServer {
    TestServer::start_with(server.stop().await, &ON).await
}

/// Waits until all entries and all history are indexed.
pub async fn indexed(database: &TestDatabase) {
    // Each room with messages or entries is in the index, is filled, and has followed its log.
    let left = r#"SELECT count(*) FROM (
            SELECT CAST("roomId" AS TEXT) AS id FROM "Message" UNION SELECT room_id FROM own.room_head WHERE seq > 0
        ) AS room
        LEFT JOIN own.search_room AS stored ON stored.room_id = room.id
        LEFT JOIN own.room_head AS head ON head.room_id = room.id
        WHERE stored.number IS NULL OR NOT stored.is_filled OR stored.seq < coalesce(head.seq, 0)"#;
    until("all is indexed", async || (database.select(&database.own(left)).await == ["0"]).then_some(()))
        .await;
}

/// Searches what is indexed by now.
pub async fn search(client: &mut Client, query: &str) -> Value {
    let ack = client.ask("messages:search", json!({ "query": query })).await;
    assert_eq!(ack["success"], true, "{query}: {ack}");
    ack
}

/// The contents of the results, when all is indexed.
pub async fn found(server: &TestServer, client: &mut Client, query: &str) -> Vec<String> {
    indexed(&server.database).await;
    contents(&search(client, query).await)
}

pub fn contents(page: &Value) -> Vec<String> {
    let results = page["results"].as_array().unwrap();
    results.iter().map(|result| result["message"]["content"].as_str().unwrap().to_owned()).collect()
}
