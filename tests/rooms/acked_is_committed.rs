//! Acked means committed: at whatever moment the server is killed, each acked message is there afterwards, once.

use std::{collections::BTreeMap, net::SocketAddr};

use chatoxide::chat::room::RoomType;
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};
use uuid::Uuid;

use crate::support::{
    Backend, Listener, TestDatabase, TestServer,
    process::{ServerProcess, settings},
    soon,
};

const KILLS: usize = 20;
/// In alphabetical order.
const SENDERS: [&str; 4] = ["anna", "ben", "cleo", "dan"];
/// Messages that a sender does not wait for.
const IN_FLIGHT: usize = 16;
/// Acks in a life of the server, at the most, by when it is killed.
const ACKS: u128 = 400;

/// The messages that one sender sent in one life of the server, by content, which is also the client id.
struct Asked {
    user: &'static str,
    acked: Vec<String>,
    /// Messages without an ack: the sender cannot know whether they were committed.
    open: Vec<String>,
}

/// Sends until the server is gone.
async fn send(mut sender: Listener, user: &'static str, life: usize, acks: watch::Sender<u128>) -> Asked {
    let mut asked = Asked { user, acked: Vec::new(), open: Vec::new() };
    loop {
        while asked.open.len() < IN_FLIGHT {
            let number = asked.acked.len() + asked.open.len() + 1;
            let content = format!("{user}.{life}.{number}");
            let ask = json!(["message:send", {"roomId": "general", "content": content, "clientId": content}]);
            asked.open.push(content);
            if !sender.try_send(&format!("42{number}{ask}")).await {
                return asked;
            }
        }
        let Some(packet) = sender.hear_or_end().await else { return asked };
        if let Some((_, answer)) = packet.ack() {
            assert!(answer.starts_with(r#"[{"success":true"#), "{answer}");
            asked.acked.push(asked.open.remove(0));
            acks.send_modify(|count| *count += 1);
        }
    }
}

/// All senders send until the server is killed, at a random moment.
async fn live_and_die(server: ServerProcess, tokens: &[String], life: usize) -> Vec<Asked> {
    let (acks, mut counted) = watch::channel(0);
    let mut sending = JoinSet::new();
    for (user, token) in SENDERS.into_iter().zip(tokens) {
        let (sender, _) = Listener::enter(server.address, token, "general").await;
        sending.spawn(send(sender, user, life, acks.clone()));
    }
    let moment = Uuid::new_v4().as_u128() % ACKS;
    soon("the acks", counted.wait_for(|count| *count >= moment)).await.unwrap();
    server.kill().await;
    let mut asked = soon("the senders notice", sending.join_all()).await;
    asked.sort_by_key(|asked| asked.user);
    asked
}

/// How often each message is in the room.
async fn count(database: &TestDatabase) -> BTreeMap<String, usize> {
    let contents = r#"SELECT "content" FROM "Message" WHERE "roomId" = 'general'"#;
    let mut counts = BTreeMap::new();
    for content in database.select(contents).await {
        *counts.entry(content).or_default() += 1;
    }
    counts
}

/// Sends again what was not acked, each under its client id.
async fn send_again(address: SocketAddr, token: &str, open: &[String]) {
    let (mut sender, _) = Listener::enter(address, token, "general").await;
    for (number, content) in (1..).zip(open) {
        let ask = json!(["message:send", {"roomId": "general", "content": content, "clientId": content}]);
        sender.send(&format!("42{number}{ask}")).await;
    }
    let mut answered = 0;
    while answered < open.len() {
        if let Some((_, answer)) = sender.hear().await.ack() {
            assert!(answer.starts_with(r#"[{"success":true"#), "{answer}");
            answered += 1;
        }
    }
}

async fn story(backend: Backend) {
    let server = TestServer::start_with(TestDatabase::create(backend).await, &[]).await;
    server.make_room("general", RoomType::Public, &SENDERS).await;
    let tokens = SENDERS.map(|user| server.token(user));
    let database = server.stop().await;
    let settings = settings(&database, &[]).await;

    let mut acked = 0;
    for life in 0..KILLS {
        let server = ServerProcess::start(&database, &settings).await;
        let asked = live_and_die(server, &tokens, life).await;

        let counts = count(&database).await;
        for content in asked.iter().flat_map(|asked| &asked.acked) {
            assert_eq!(counts.get(content), Some(&1), "{content} was acked in life {life}");
            acked += 1;
        }
        let server = ServerProcess::start(&database, &settings).await;
        for (asked, token) in asked.iter().zip(&tokens) {
            send_again(server.address, token, &asked.open).await;
        }
        server.kill().await;
    }

    let counts = count(&database).await;
    assert!(counts.len() >= acked);
    assert!(counts.values().all(|count| *count == 1), "something is there twice");
    let holes = "SELECT count(*) FROM own.room_log WHERE room_id = 'general'";
    let head = "SELECT seq FROM own.room_head WHERE room_id = 'general'";
    let (entries, head) =
        (database.select(&database.own(holes)).await, database.select(&database.own(head)).await);
    assert_eq!(entries, head, "the log has no hole");
    assert_eq!(entries, [counts.len().to_string()], "a row and its entry were committed together");
}

#[tokio::test(flavor = "multi_thread")]
async fn acked_messages_survive_kill_9_at_any_moment_sqlite() {
    story(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acked_messages_survive_kill_9_at_any_moment_postgres() {
    story(Backend::Postgres).await;
}
