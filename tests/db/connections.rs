//! The server's connections to PostgreSQL: their number is bounded by the setting, and terminated ones are replaced.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer, database::connect, until};

const OURS: &str =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// The server, and alice in a room of it with one message: the next in it take a single statement each.
async fn start(pool: usize) -> (TestServer, Client) {
    start_on(TestDatabase::create(Backend::Postgres).await, pool).await
}

async fn start_on(database: TestDatabase, pool: usize) -> (TestServer, Client) {
    let server = TestServer::start_with(database, &["--database-pool", &pool.to_string()]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    alice.say("general", "first").await;
    (server, alice)
}

fn contents(page: &Value) -> Vec<&str> {
    page["messages"].as_array().unwrap().iter().filter_map(|message| message["content"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_opens_no_more_connections_than_the_setting_says() {
    for pool in [1, 2, 4] {
        let (server, mut alice) = start(pool).await;
        let mut expected = 1;
        for _ in 0..8 {
            let asked = [
                alice.begin("message:send", json!({"roomId": "general", "content": "more"})).await,
                alice.begin("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await,
                alice.begin("rooms:list", json!({})).await,
                alice.begin("users:find", json!({"query": ""})).await,
            ];
            for id in asked {
                let answer = alice.answer(id).await;
                assert_eq!(answer["success"], true, "{answer}");
            }
            expected += 1;
        }
        let page = alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        assert_eq!(contents(&page).len(), expected);
        let ours = server.database.select(OURS).await.len();
        assert!((1..=pool).contains(&ours), "{ours} of {pool}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_an_operator_terminates_are_replaced() {
    let (server, mut alice) = start(4).await;
    alice.say("general", "second").await;
    let operator = connect(&server.database.url).await;
    for round in 0..5 {
        let end = OURS.replace("SELECT pid", "SELECT pg_terminate_backend(pid)");
        operator.simple_query(&end).await.unwrap();
        let ask = json!({"roomId": "general", "content": format!("after {round}")});
        until("a message is stored", async || {
            (alice.ask("message:send", ask.clone()).await["success"] == true).then_some(())
        })
        .await;
    }
    // Nothing is there twice: what was refused was not stored.
    let mut page = alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
    page["messages"].as_array_mut().unwrap().reverse();
    assert_eq!(contents(&page), ["first", "second", "after 0", "after 1", "after 2", "after 3", "after 4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_on_a_terminated_connection_is_refused_and_not_retried() {
    let (server, mut alice) = start(4).await;
    let (operator, other) = (connect(&server.database.url).await, connect(&server.database.url).await);
    other.batch_execute(r#"BEGIN; SELECT 1 FROM "Room" FOR UPDATE"#).await.unwrap();
    let asked = alice.begin("message:send", json!({"roomId": "general", "content": "cut off"})).await;
    let end = format!(
        "{} AND wait_event_type = 'Lock'",
        OURS.replace("SELECT pid", "SELECT pg_terminate_backend(pid)")
    );
    until("the server waits for the lock, and is cut off", async || {
        (operator.simple_query(&end).await.unwrap().len() > 2).then_some(())
    })
    .await;
    other.batch_execute("ROLLBACK").await.unwrap();
    let refused = alice.answer(asked).await;
    assert_eq!((&refused["success"], &refused["code"]), (&json!(false), &json!("unavailable")));
    alice.say("general", "second").await;
    let stored =
        server.database.select(r#"SELECT "content" FROM "Message" ORDER BY "createdAt", "id""#).await;
    assert_eq!(stored, ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_used_again_after_a_refused_row() {
    let (server, mut alice) = start(4).await;
    // A rule of the team's own.
    server.database.execute(r#"ALTER TABLE "Message" ADD CHECK ("content" <> 'bad')"#).await;
    let bad = alice.ask("message:send", json!({"roomId": "general", "content": "bad"})).await;
    assert_eq!((&bad["success"], &bad["code"]), (&json!(false), &json!("conflict")));
    alice.say("general", "best").await;
    let history =
        server.database.select(r#"SELECT "content" FROM "Message" ORDER BY "createdAt", "id""#).await;
    assert_eq!(history, ["first", "best"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_connections_are_encrypted_if_the_url_requires_it() {
    let mut database = TestDatabase::create(Backend::Postgres).await;
    let plain = database.url.clone();
    database.url = format!("{plain}?sslmode=require");
    let (mut server, mut alice) = start_on(database, 2).await;
    alice.say("general", "second").await;
    server.database.url = plain;
    let encrypted = async || {
        let encrypted =
            server.database.select(&format!("SELECT ssl FROM pg_stat_ssl WHERE pid IN ({OURS})")).await;
        assert!(encrypted.iter().all(|encrypted| encrypted == "t"), "{encrypted:?}");
        // The one that migrated may still be closing.
        (encrypted.len() == 2).then_some(())
    };
    until("two connections", encrypted).await;
}
