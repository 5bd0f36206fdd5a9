//! `chat:messages:<room>` and `chat:read:<room>` are as the original keeps them, also when Redis was away.

use chatoxide::chat::room::RoomType;
use deadpool_redis::redis::{AsyncCommands, aio::MultiplexedConnection};
use serde_json::{Value, json};

use crate::support::{
    Backend, Client, TestDatabase, TestServer,
    redis::{fresh_redis, try_connect},
    until,
};

async fn list(redis: &mut MultiplexedConnection) -> Vec<Value> {
    let list: Vec<String> = redis.lrange("chat:messages:general", 0, -1).await.unwrap();
    list.iter().map(|message| serde_json::from_str(message).unwrap()).collect()
}

fn contents(list: &[Value]) -> Vec<&str> {
    list.iter().map(|message| message["content"].as_str().unwrap()).collect()
}

async fn list_becomes(redis: &MultiplexedConnection, expected: &[&str]) {
    until(&format!("the list holds {expected:?}"), async || {
        let list = list(&mut redis.clone()).await;
        (contents(&list) == expected).then_some(())
    })
    .await;
}

async fn send(client: &mut Client, content: &str) -> Value {
    let mut ack = client.ask("message:send", json!({"roomId": "general", "content": content})).await;
    assert_eq!(ack["success"], true, "{ack}");
    ack["message"].take()
}

async fn server(url: &str) -> TestServer {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &["--redis-url", url]).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_holds_the_newest_messages_as_the_original_writes_them() {
    let (url, mut redis) = fresh_redis().await;
    let server = server(&url).await;
    let mut alice = server.connect_in("alice", "general").await;
    let first = send(&mut alice, "one").await;
    send(&mut alice, "two").await;
    list_becomes(&redis, &["two", "one"]).await;
    let expected = json!({
        "id": first["id"], "roomId": "general", "senderId": "alice", "content": "one", "type": "text", "metadata": {},
        "replyTo": null, "createdAt": first["createdAt"], "updatedAt": null, "senderName": "alice",
    });
    assert_eq!(list(&mut redis).await[1], expected);

    alice.ask("message:edit", json!({"messageId": first["id"], "content": "edited"})).await;
    list_becomes(&redis, &["two", "edited"]).await;
    alice.ask("message:delete", json!({"messageId": first["id"]})).await;
    list_becomes(&redis, &["two"]).await;

    for n in 0..105 {
        send(&mut alice, &n.to_string()).await;
    }
    let expected: Vec<String> = (5..105).rev().map(|n| n.to_string()).collect();
    list_becomes(&redis, &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;

    // A list that somebody removes is not begun in its middle.
    let () = redis.del("chat:messages:general").await.unwrap();
    send(&mut alice, "after").await;
    until("the list is whole again", async || {
        let list = list(&mut redis.clone()).await;
        (list.len() == 100 && list[0]["content"] == "after").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_marks_are_written_and_those_of_node_are_read() {
    let (url, mut redis) = fresh_redis().await;
    let () = redis.hset("chat:read:general", "nora", "1769850307042").await.unwrap();
    let server = server(&url).await;
    let mut alice = server.connect_in("alice", "general").await;
    alice.ask("room:read", "general".into()).await;
    let millis: String = until("the mark is written", async || {
        redis.clone().hget::<_, _, Option<String>>("chat:read:general", "alice").await.unwrap()
    })
    .await;
    assert!(millis.parse::<i64>().unwrap() > 1_769_850_307_042);
    let imported = server.database.own("SELECT at FROM own.read_marker WHERE user_id = 'nora'");
    let at = until("the mark of Node is read", async || server.database.select(&imported).await.pop()).await;
    assert_eq!(at, "2026-01-31 09:05:07.042");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_away_chat_goes_on_and_the_keys_are_repaired_on_its_return() {
    // A socket of its own: a port that is free now may be another's when the test comes to it.
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let url = format!("unix://{}", socket.display());
    let server = server(&url).await;
    let mut alice = server.connect_in("alice", "general").await;
    let start = || {
        tokio::process::Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(&socket)
            .current_dir(folder.path())
            .stdout(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    };
    send(&mut alice, "one").await;
    let connected = async || try_connect(&url).await;

    let mut first_run = start();
    let redis = until("Redis answers", connected).await;
    list_becomes(&redis, &["one"]).await;
    send(&mut alice, "two").await;
    list_becomes(&redis, &["two", "one"]).await;

    first_run.kill().await.unwrap();
    send(&mut alice, "three").await;
    let mut second_run = start();
    let redis = until("Redis answers again", connected).await;
    list_becomes(&redis, &["three", "two", "one"]).await;
    second_run.kill().await.unwrap();
}
