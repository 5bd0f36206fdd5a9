//! A shutdown finishes and answers the events that have begun, begins no new ones, flushes pending writes, and does not wait
//! for a client that does not read.

use std::{net::SocketAddr, time::Duration};

use chatoxide::chat::room::RoomType;
use deadpool_redis::redis::AsyncCommands;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    Backend, Client, Listener, TestDatabase, TestServer,
    database::Hold,
    process::{ServerProcess, settings},
    redis::try_connect,
    server::token,
    soon, until,
};

/// Neither a time-out of the database nor that of shutting down ends while a test holds a lock.
const PATIENT: &str = "20000";

/// A database with a public room, which has one message and which no server has in memory.
async fn database(backend: Backend) -> TestDatabase {
    let server = TestServer::start_with(TestDatabase::create(backend).await, &[]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob", "carol"]).await;
    server.connect("alice").await.say("general", "first").await;
    server.stop().await
}

/// Alice sends a message whose commit waits for a lock.
async fn begin_to_send(alice: &mut Client, database: &TestDatabase) -> (u64, Hold) {
    let hold = database.hold(r#"SELECT 1 FROM "Room" FOR UPDATE"#).await;
    let asked = alice.begin("message:send", json!({"roomId": "general", "content": "begun"})).await;
    database.waits_for_a_lock("room_head", 1).await;
    (asked, hold)
}

/// Waits until the server begins nothing new.
async fn drains(client: &mut Client) {
    until("the server drains", async || {
        (client.ask("room:leave", "nowhere".into()).await["code"] == "shutting_down").then_some(())
    })
    .await;
}

/// A request of which the server has read the first line.
async fn half_a_request(address: SocketAddr, line: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(line.as_bytes()).await.unwrap();
    let ends =
        [address.port(), stream.local_addr().unwrap().port()].map(|port| format!("0100007F:{port:04X}"));
    until("the server has read", async || {
        let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
        // Local and remote address, state, bytes to send and to read.
        let is_read = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields.len() > 4
                && fields[1] == ends[0]
                && fields[2] == ends[1]
                && fields[4].ends_with(":00000000")
        };
        sockets.lines().any(is_read).then_some(())
    })
    .await;
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_finishes_begun_events_and_begins_no_new_ones() {
    let database = database(Backend::Postgres).await;
    let mut server =
        TestServer::start_with(database, &["--database-timeout", PATIENT, "--shutdown-timeout", PATIENT])
            .await;
    let mut alice = server.connect_in("alice", "general").await;
    let mut bob = server.connect("bob").await;
    let (asked, hold) = begin_to_send(&mut alice, &server.database).await;
    let mut probe = half_a_request(server.address(), "GET /readyz HTTP/1.1\r\n").await;

    server.begin_to_stop();

    drains(&mut bob).await;
    let refused = bob.ask("message:send", json!({"roomId": "general", "content": "too late"})).await;
    assert_eq!((&refused["success"], &refused["code"]), (&json!(false), &json!("shutting_down")));
    probe.write_all(b"Host: x\r\n\r\n").await.unwrap();
    let mut ready = String::new();
    soon("the answer", probe.read_to_string(&mut ready)).await.unwrap();
    assert!(ready.starts_with("HTTP/1.1 503 ") && ready.contains("shutting_down"), "{ready}");

    hold.release().await;
    let sent = alice.answer(asked).await;
    assert_eq!(sent["success"], true, "{sent}");
    let database = server.stop().await;
    let stored = r#"SELECT "content" FROM "Message" ORDER BY "createdAt", "id""#;
    assert_eq!(database.select(stored).await, ["first", "begun"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_writes_waiting_read_marks() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = database(backend).await;
        let server = ServerProcess::start(&database, &settings(&database, &[]).await).await;
        let mut carol = Client::connect(server.address, &token("carol")).await.unwrap();
        carol.emit("room:read", "general".into()).await;
        assert_eq!(carol.heard().await, []);
        server.terminate().await;
        server.end().await;
        let marks = database.own("SELECT seq FROM own.read_marker WHERE user_id = 'carol'");
        assert_eq!(database.select(&marks).await, ["1"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_mark_of_an_event_that_was_under_way_is_written() {
    let database = database(Backend::Postgres).await;
    let settings = settings(&database, &[("DATABASE_TIMEOUT", PATIENT), ("SHUTDOWN_TIMEOUT", PATIENT)]).await;
    let server = ServerProcess::start(&database, &settings).await;
    let mut carol = Client::connect(server.address, &token("carol")).await.unwrap();
    let mut bob = Client::connect(server.address, &token("bob")).await.unwrap();
    // A join marks the room as read. The room is loaded first, and that waits for a lock.
    let hold = database.hold(r#"LOCK TABLE "Message" IN ACCESS EXCLUSIVE MODE"#).await;
    let asked = carol.begin("room:join", "general".into()).await;
    database.waits_for_a_lock(r#""Message""#, 1).await;
    server.terminate().await;
    drains(&mut bob).await;
    hold.release().await;
    let joined = carol.answer(asked).await;
    assert_eq!(joined["success"], true, "{joined}");
    server.end().await;
    let marks = "SELECT seq FROM chatoxide.read_marker WHERE user_id = 'carol'";
    assert_eq!(database.select(marks).await, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_commits_reach_nodes_keys_in_redis() {
    let database = database(Backend::Postgres).await;
    let settings = settings(&database, &[("DATABASE_TIMEOUT", PATIENT), ("SHUTDOWN_TIMEOUT", PATIENT)]).await;
    let (_, redis) = settings.iter().find(|(name, _)| name == "REDIS_URL").unwrap();
    let mut redis = try_connect(redis).await.unwrap();
    let server = ServerProcess::start(&database, &settings).await;
    let mut alice = Client::connect(server.address, &token("alice")).await.unwrap();
    let mut bob = Client::connect(server.address, &token("bob")).await.unwrap();
    alice.ask("room:join", "general".into()).await;
    let (asked, hold) = begin_to_send(&mut alice, &database).await;
    server.terminate().await;
    drains(&mut bob).await;
    hold.release().await;
    assert_eq!(alice.answer(asked).await["success"], true);
    server.end().await;
    let list: Vec<String> = redis.lrange("chat:messages:general", 0, -1).await.unwrap();
    let contents =
        list.iter().map(|message| serde_json::from_str::<Value>(message).unwrap()["content"].take());
    assert_eq!(contents.collect::<Vec<_>>(), ["begun", "first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_does_not_wait_for_clients_that_do_not_read() {
    let database = database(Backend::Sqlite).await;
    let server = ServerProcess::start(&database, &settings(&database, &[]).await).await;
    let mut stalled = Vec::new();
    for user in ["bob", "carol"] {
        let mut upgraded = Listener::upgrade(server.address, &token(user)).await;
        upgraded.join("general").await;
        stalled.push(upgraded);
        stalled.push(Listener::enter(server.address, &token(user), "general").await.0);
    }
    let mut alice = Client::connect(server.address, &token("alice")).await.unwrap();
    // More than the system's buffers hold, less than ours.
    let content = "x".repeat(60_000);
    for _ in 0..200 {
        alice.say("general", &content).await;
    }
    // Two of them are being closed by then: they have said that they leave.
    for leaving in stalled.iter_mut().take(2) {
        leaving.send("1").await;
    }
    server.terminate().await;
    let took = server.end().await;
    assert!(took < Duration::from_secs(2), "{took:?}");
}
