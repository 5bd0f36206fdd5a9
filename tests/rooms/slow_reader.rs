//! A client that does not read is cut off; it never has a gap in what it hears.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{Backend, TestDatabase, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_cut_off_and_has_no_gap_in_what_it_heard() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--send-buffer", "64"]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    // From here on bob reads nothing.
    let bob = server.connect_in("bob", "general").await;
    alice.hear("room:user-joined").await;

    // Far more than the buffers of the system between them hold.
    let content = "x".repeat(60_000);
    let mut sent = 0;
    let left = loop {
        let ack = alice.ask("message:send", json!({"roomId": "general", "content": content})).await;
        assert_eq!(ack["success"], true);
        sent += 1;
        assert!(sent < 2_000, "a reader that reads nothing is still there");
        let (name, argument) = alice.next().await;
        if name == "room:user-left" {
            break argument;
        }
    };
    assert_eq!(left["userId"], "bob");

    let heard = bob.hear_to_the_end().await;
    let seqs: Vec<i64> = heard
        .iter()
        .filter(|(name, _)| name == "message:new")
        .map(|(_, message)| message["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, (1..).take(seqs.len()).collect::<Vec<_>>());
}
