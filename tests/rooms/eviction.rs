//! Eviction: rooms that nobody is in are kept for returning users, within a time and a memory limit.

use crate::support::{Backend, Client, TestDatabase, TestServer, http, until};
use chatoxide::chat::room::RoomType;

async fn start(more: &[&str]) -> (TestServer, Client) {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &[&["--metrics", "true"], more].concat()).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    alice.say("general", &"x".repeat(1_000)).await;
    alice.heard().await;
    (server, alice)
}

/// Statements that alice's leaving and coming back costs.
async fn cost_of_coming_back(server: &TestServer, alice: &mut Client) -> u64 {
    // Its ack comes when all read marks before it are stored.
    alice.ask("room:read", "general".into()).await;
    let before = server.db.statements().get();
    alice.ask("room:leave", "general".into()).await;
    alice.ask("room:join", "general".into()).await;
    assert_eq!(alice.hear("room:history").await["messages"].as_array().unwrap().len(), 1);
    server.db.statements().get() - before
}

/// How many rooms are live, and how many of them idle.
async fn rooms(server: &TestServer) -> (f64, f64) {
    let text = http::get(server.address(), "/metrics").await.body;
    let value =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap();
    (value("chatoxide_rooms_live "), value("chatoxide_rooms_idle "))
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_back_to_an_idle_room_takes_no_query() {
    let (server, mut alice) = start(&[]).await;
    // The mark that she has read it is written some time later.
    assert!(cost_of_coming_back(&server, &mut alice).await <= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_room_is_evicted_when_its_time_is_over() {
    let (server, mut alice) = start(&["--live-room-idle", "0"]).await;
    assert_eq!(rooms(&server).await, (1.0, 0.0));
    assert!(cost_of_coming_back(&server, &mut alice).await >= 2, "it is loaded again");
    alice.ask("room:leave", "general".into()).await;
    assert_eq!(rooms(&server).await, (0.0, 0.0));

    let (server, mut alice) = start(&["--live-room-idle", "1500"]).await;
    alice.ask("room:leave", "general".into()).await;
    assert_eq!(rooms(&server).await, (1.0, 1.0));
    until("the room is let go", async || (rooms(&server).await == (0.0, 0.0)).then_some(())).await;
    // And is entered again as if nothing had been.
    alice.ask("room:join", "general".into()).await;
    assert_eq!(alice.hear("room:history").await["messages"].as_array().unwrap().len(), 1);
    assert_eq!(alice.say("general", "again").await["seq"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_idle_rooms_are_evicted_first_above_the_memory_limit() {
    // One MiB: two of these rooms fit, three do not.
    let (server, mut alice) = start(&["--live-idle-memory", "1"]).await;
    for room in ["general", "one", "two"] {
        if room != "general" {
            server.make_room(room, RoomType::Public, &["alice"]).await;
            alice.ask("room:join", room.into()).await;
        }
        for _ in 0..8 {
            alice.say(room, &"x".repeat(60_000)).await;
        }
    }
    for room in ["general", "one", "two"] {
        alice.ask("room:leave", room.into()).await;
    }
    until("the first is let go", async || (rooms(&server).await == (2.0, 2.0)).then_some(())).await;
    let before = server.db.statements().get();
    alice.ask("room:join", "two".into()).await;
    alice.ask("room:join", "one".into()).await;
    assert!(server.db.statements().get() - before <= 1, "these were kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_evicted_while_the_database_takes_no_digests() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(
        database,
        &["--metrics", "true", "--live-room-idle", "100", "--database-timeout", "60000"],
    )
    .await;
    let mut alice = server.connect("alice").await;
    for room in ["one", "two"] {
        server.make_room(room, RoomType::Public, &["alice"]).await;
        alice.ask("room:join", room.into()).await;
        alice.say(room, "hello").await;
    }
    let _held = server.database.hold("LOCK TABLE chatoxide.room_digest IN ACCESS EXCLUSIVE MODE").await;
    for (room, left) in [("one", 1.0), ("two", 0.0)] {
        alice.ask("room:leave", room.into()).await;
        until("the room is let go", async || (rooms(&server).await == (left, 0.0)).then_some(())).await;
    }
}
