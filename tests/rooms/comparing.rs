//! Tests when a live room is compared with the database, and what that costs.

use std::sync::Arc;

use chatoxide::chat::room::RoomType;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::foreign::{ALWAYS, history, insert, say, sync};
use crate::{
    http::api::Program,
    support::{Backend, Client, TestDatabase, TestServer, http::metric, on_both, until},
};

on_both! {
    async fn a_page_compares_the_room(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        say(&mut alice, "one").await;
        alice.ask("room:leave", "general".into()).await;
        bob.heard().await;
        insert(&server, "n", "2999-01-01 00:00:00").await;
        let page = alice.ask("messages:load", json!({"roomId": "general", "before": "2999-02-01"})).await;
        assert_eq!(page["messages"].as_array().unwrap().len(), 2, "{page}");
        let heard = bob.hear("message:new").await;
        assert_eq!((&heard["id"], &heard["seq"]), (&json!("n"), &json!(2)));
        // By the REST API, too.
        insert(&server, "m", "2999-01-02 00:00:00").await;
        let program = Program::of(&server, "alice");
        let page = program.done("GET", "/rooms/general/messages?limit=1", &Value::Null, 200).await;
        assert_eq!(page["messages"][0]["id"], "m", "{page}");
        assert_eq!(bob.hear("message:new").await["id"], "m");
        // A room that nobody is in is not loaded for a page.
        server.make_room("empty", RoomType::Public, &["alice"]).await;
        let page = alice.ask("messages:load", json!({"roomId": "empty"})).await;
        assert_eq!(page["messages"], json!([]));
    }
}

/// A team's table of users may have columns of any names.
#[tokio::test(flavor = "multi_thread")]
async fn columns_of_users_that_messages_have_too_do_not_hinder_a_comparison_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestServer::start(backend).await.stop().await;
        let columns = ["content", "type", "metadata", "replyTo", "updatedAt", "roomId", "senderId"];
        let add = columns.map(|column| format!(r#"ALTER TABLE "User" ADD COLUMN "{column}" TEXT;"#));
        database.execute(&add.concat()).await;
        let server = TestServer::start_with(database, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        insert(&server, "n", "2999-01-01 00:00:00").await;
        let shown = history(&mut alice).await;
        assert_eq!(shown["messages"][0]["id"], "n", "{backend:?}");
        assert_eq!(bob.hear("message:new").await["id"], "n");
        assert_eq!(sync(&mut alice, 1).await["complete"], true, "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_joins_by_itself_compares_its_rooms_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let settings = ["--auto-join-rooms", "true", "--membership-ttl", "0"];
        let server = TestServer::start_with(TestDatabase::create(backend).await, &settings).await;
        let (mut alice, _bob) = server.meet().await;
        say(&mut alice, "one").await;
        insert(&server, "n", "2999-01-01 00:00:00").await;
        let mut bob = server.connect("bob").await;
        bob.heard().await;
        let (name, message) = alice.heard().await.pop().unwrap_or_default();
        assert_eq!((name.as_str(), &message["id"]), ("message:new", &json!("n")), "{backend:?}");
    }
}

/// The number of rooms that are joined at once.
const ROOMS: usize = 50;

async fn statements(server: &TestServer) -> usize {
    metric(server.address(), "chatoxide_database_statements_total").await as usize
}

/// A room for each of as many clients, each with a message of another program's.
async fn start_with_rooms(backend: Backend, settings: &[&str]) -> (TestServer, Vec<Client>) {
    let settings = [&["--metrics", "true", "--membership-ttl", "0"], settings].concat();
    let server = TestServer::start_with(TestDatabase::create(backend).await, &settings).await;
    let mut clients = Vec::new();
    for room in 0..ROOMS {
        server.make_room(&format!("room {room}"), RoomType::Public, &["bob"]).await;
        clients.push(server.connect_in("bob", &format!("room {room}")).await);
    }
    for client in &mut clients {
        client.heard().await;
    }
    let rows: Vec<String> = (0..ROOMS)
        .map(|room| format!("('n{room}', 'room {room}', 'bob', 'by Node', '2999-01-01 00:00:00')"))
        .collect();
    let columns = r#""id", "roomId", "senderId", "content", "createdAt""#;
    server
        .database
        .execute(&format!(r#"INSERT INTO "Message" ({columns}) VALUES {}"#, rows.join(", ")))
        .await;
    (server, clients)
}

/// Lets all clients join their rooms again while the comparisons are kept waiting, and returns how many statements it took.
async fn count_statements_of_joins(server: &TestServer, clients: &mut [Client], compares: bool) -> usize {
    let held = server.database.hold("LOCK TABLE chatoxide.room_head IN ACCESS EXCLUSIVE MODE").await;
    let before = statements(server).await;
    let mut asked = Vec::new();
    for (room, client) in clients.iter_mut().enumerate() {
        asked.push(client.begin("room:join", format!("room {room}").into()).await);
    }
    // Each reads its room and its members; then it waits.
    until("all have read their rooms", async || {
        (statements(server).await >= before + 2 * ROOMS + usize::from(compares)).then_some(())
    })
    .await;
    held.release().await;
    for (client, id) in clients.iter_mut().zip(asked) {
        let joined = client.answer(id).await;
        assert_eq!(joined["success"], true, "{joined}");
    }
    statements(server).await - before
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rooms_are_compared_by_a_handful_of_statements() {
    let (server, mut clients) = start_with_rooms(Backend::Postgres, &["--external-changes", "off"]).await;
    let without = count_statements_of_joins(&server, &mut clients, false).await;
    let (server, mut clients) = start_with_rooms(Backend::Postgres, &[]).await;
    // Nothing differs at the second time: then it is comparing alone that counts.
    let first = count_statements_of_joins(&server, &mut clients, true).await;
    for client in &mut clients {
        assert_eq!(client.hear("message:new").await["content"], "by Node");
        client.heard().await;
    }
    let with = count_statements_of_joins(&server, &mut clients, true).await;
    assert!(with <= without + 8, "{with} statements, {without} without comparisons, {first} at first");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rooms_that_are_joined_at_once_are_all_compared_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (server, mut clients) = start_with_rooms(backend, &[]).await;
        let mut asked = Vec::new();
        for (room, client) in clients.iter_mut().enumerate() {
            asked.push(client.begin("room:join", format!("room {room}").into()).await);
        }
        for (room, (client, id)) in clients.iter_mut().zip(asked).enumerate() {
            assert_eq!(client.answer(id).await["success"], true);
            assert_eq!(client.hear("message:new").await["id"], format!("n{room}"), "{backend:?}");
        }
        // The rooms have users that are there, and none of them was taken for a deleted one.
        drop(server);
    }
}

/// A storm of clients of one room that come back and catch up shares its comparisons, which begin at intervals.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_clients_that_catch_up_shares_its_comparisons() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let settings = ["--metrics", "true", "--membership-ttl", "60000"];
        let server = TestServer::start_with(TestDatabase::create(backend).await, &settings).await;
        let (mut alice, mut bob) = server.meet().await;
        say(&mut alice, "one").await;
        bob.ask("room:read", "general".into()).await;
        let mut clients = Vec::new();
        for _ in 0..100 {
            let mut client = server.connect("bob").await;
            client.heard().await;
            clients.push(client);
        }
        let (before, begun) = (statements(&server).await, Instant::now());
        let server = Arc::new(server);
        let storm = clients.into_iter().map(|mut client| {
            tokio::spawn(async move {
                let mut answers = Vec::new();
                for _ in 0..5 {
                    answers.push(sync(&mut client, 0).await);
                }
                (client, answers)
            })
        });
        for done in join_all(storm).await {
            let (_client, answers) = done.unwrap();
            assert!(answers.iter().all(|answer| answer["complete"] == true), "{answers:?}");
        }
        let most = begun.elapsed().as_millis() as usize / 50 + 3;
        let count = statements(&server).await - before;
        assert!(count <= most, "{backend:?}: {count} statements for 500 requests, {most} expected");
        let mut carol = server.connect("carol").await;
        history(&mut carol).await;
    }
}
