//! `chat:messages:<room>` and `chat:read:<room>` have the original's contents, also after an outage of Redis.

use std::time::Duration;

use chatoxide::{
    chat::{id::RoomId, room::RoomType},
    cluster::node_cache::NodeCache,
    db::{
        Db,
        room_log::{Entry, EntryBody, MessageDeleted},
        users,
    },
};
use deadpool_redis::redis::{self, AsyncCommands, aio::MultiplexedConnection};
use serde_json::{Value, json};

use crate::support::{
    Backend, Client, TestDatabase, TestServer,
    proxy::Proxy,
    redis::{fresh_redis, try_connect},
    server, until,
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
async fn a_message_of_another_program_is_listed_once_though_node_has_listed_it_itself() {
    let (url, mut redis) = fresh_redis().await;
    let database = TestDatabase::create(Backend::Postgres).await;
    let settings = ["--redis-url", &url, "--membership-ttl", "0"];
    let server = TestServer::start_with(database, &settings).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    send(&mut alice, "one").await;
    list_becomes(&redis, &["one"]).await;
    server.database.seed_messages("general", "alice", &[("by Node", "2020-01-01 00:00:00")]).await;
    let mut listed = list(&mut redis).await.remove(0);
    listed["content"] = "by Node".into();
    let _length: usize = redis.lpush("chat:messages:general", listed.to_string()).await.unwrap();
    alice.ask("room:join", "general".into()).await;
    alice.hear("message:new").await;
    // The list is rewritten in the order of history.
    send(&mut alice, "two").await;
    list_becomes(&redis, &["two", "one", "by Node"]).await;
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
async fn chat_continues_without_redis_and_the_keys_are_repaired_on_its_return() {
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
    // A room in which nothing is said while Redis is away.
    server.make_room("quiet", RoomType::Public, &["alice"]).await;
    alice.say("quiet", "said before").await;
    let quiet_is_listed = async |redis: &MultiplexedConnection| {
        until("the quiet room's list is there", async || {
            let count: usize = redis.clone().llen("chat:messages:quiet").await.unwrap();
            (count == 1).then_some(())
        })
        .await;
    };
    quiet_is_listed(&redis).await;

    first_run.kill().await.unwrap();
    send(&mut alice, "three").await;
    let mut second_run = start();
    let redis = until("Redis answers again", connected).await;
    list_becomes(&redis, &["three", "two", "one"]).await;
    // Another run of Redis: it has no list at all.
    quiet_is_listed(&redis).await;
    second_run.kill().await.unwrap();
}

/// In each direction.
const DELAY: Duration = Duration::from_millis(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_pipeline_has_only_its_own_lists_rewritten() {
    let (url, mut redis) = fresh_redis().await;
    let proxy = Proxy::start(&url, DELAY).await;
    let server = server(&proxy.url(&url)).await;
    server.make_room("quiet", RoomType::Public, &["alice"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    alice.say("quiet", "said before").await;
    send(&mut alice, "one").await;
    list_becomes(&redis, &["one"]).await;
    until("the quiet room's list is there", async || {
        let count: usize = redis.clone().llen("chat:messages:quiet").await.unwrap();
        (count == 1).then_some(())
    })
    .await;
    // Written when the server has heard of what it wrote before.
    send(&mut alice, "two").await;
    list_becomes(&redis, &["two", "one"]).await;
    // A mark in the quiet room's list: it is there as long as nobody writes the list anew.
    let () = redis.rpush("chat:messages:quiet", "mark").await.unwrap();

    proxy.close();
    send(&mut alice, "three").await;
    until("a pipeline fails", async || (proxy.refused() > 0).then_some(())).await;
    proxy.open();
    list_becomes(&redis, &["three", "two", "one"]).await;
    // Written after all that waited: each in a turn of its own, which ends with lists that are written anew.
    send(&mut alice, "four").await;
    list_becomes(&redis, &["four", "three", "two", "one"]).await;
    send(&mut alice, "five").await;
    list_becomes(&redis, &["five", "four", "three", "two", "one"]).await;
    let quiet: Vec<String> = redis.lrange("chat:messages:quiet", 1, -1).await.unwrap();
    assert_eq!(quiet, ["mark"]);
    let () = redis.del("chat:messages:quiet").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_another_programs_keeps_no_other_from_being_written() {
    let (url, mut redis) = fresh_redis().await;
    let () = redis.set("chat:read:other", "a text").await.unwrap();
    let () = redis.set("chat:messages:general", "a text").await.unwrap();
    let server = server(&url).await;
    server.make_room("other", RoomType::Public, &["alice"]).await;
    // Imports its marks, and writes one.
    let mut alice = server.connect_in("alice", "other").await;
    alice.ask("room:read", "other".into()).await;
    alice.ask("room:join", "general".into()).await;
    alice.ask("room:read", "general".into()).await;
    send(&mut alice, "one").await;
    until("the list is there instead", async || {
        let kind: String =
            redis::cmd("TYPE").arg("chat:messages:general").query_async(&mut redis.clone()).await.unwrap();
        (kind == "list").then_some(())
    })
    .await;
    list_becomes(&redis, &["one"]).await;
    until("the mark in another room is written", async || {
        redis.clone().hget::<_, _, Option<String>>("chat:read:general", "alice").await.unwrap()
    })
    .await;
}

/// A database and a Redis that are far away, with so many rooms in each, and marks of Node's there.
#[tokio::test(flavor = "multi_thread")]
async fn lists_and_imports_of_many_rooms_share_their_round_trips() {
    const ROOMS: usize = 300;
    let server = TestServer::start(Backend::Postgres).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let fill = format!(
        r#"INSERT INTO "Room" ("id", "name", "type")
               SELECT 'room-' || n, 'room', 'public' FROM generate_series(1, {ROOMS}) AS room (n);
           INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
               SELECT 'm-' || n || '-' || k, 'room-' || n, 'alice', n || ' ' || k,
                   timestamp '2026-01-01' + k * interval '1 s'
               FROM generate_series(1, {ROOMS}) AS room (n), generate_series(1, 120) AS message (k);
           INSERT INTO chatoxide.room_head (room_id, seq, at)
               SELECT 'room-' || n, 120, timestamp '2026-01-01 00:02:00' FROM generate_series(1, {ROOMS}) AS room (n)"#
    );
    server.database.execute(&fill).await;
    let (url, mut redis) = fresh_redis().await;
    for n in 1..=ROOMS {
        let () = redis.hset(format!("chat:read:room-{n}"), "nora", "1767225600000").await.unwrap();
        // These entries are not valid marks.
        let () = redis.hset(format!("chat:read:room-{n}"), "bad\0", "1767225600000").await.unwrap();
        let () = redis.hset(format!("chat:read:room-{n}"), "early", "-5").await.unwrap();
    }
    let (near, far) = (Proxy::start(&server.database.url, DELAY).await, Proxy::start(&url, DELAY).await);
    let config = server::config(&near.url(&server.database.url), server.database.folder.path(), &[]);
    let db = Db::open(&config).unwrap();
    users::count(&db).await.unwrap();
    let before = near.round_trips();
    let keys = NodeCache::start(Some(&far.url(&url)), db);
    for n in 1..=ROOMS {
        let room_id = RoomId::from(format!("room-{n}"));
        keys.note_entry(
            &Entry {
                room_id: room_id.clone(),
                seq: 121,
                body: EntryBody::Deleted(MessageDeleted("m".into())),
                root: None,
            },
            None,
        );
        keys.import_reads(&room_id);
    }
    let imported = server.database.own("SELECT count(*) FROM own.read_marker WHERE user_id = 'nora'");
    until("all lists and marks are there", async || {
        let lists: Vec<String> = redis.clone().keys("chat:messages:*").await.unwrap();
        let marks = server.database.select(&imported).await;
        (lists.len() == ROOMS && marks == [ROOMS.to_string()]).then_some(())
    })
    .await;
    let others = server.database.own("SELECT count(*) FROM own.read_marker WHERE user_id <> 'nora'");
    assert_eq!(server.database.select(&others).await, ["0"]);
    let (to_database, to_redis) = (near.round_trips() - before, far.round_trips());
    assert!(to_database <= 40 && to_redis <= 40, "{to_database} to the database, {to_redis} to Redis");
    for n in [1, ROOMS] {
        let list: Vec<String> = redis.lrange(format!("chat:messages:room-{n}"), 0, -1).await.unwrap();
        let list: Vec<Value> = list.iter().map(|message| serde_json::from_str(message).unwrap()).collect();
        let expected: Vec<String> = (21..=120).rev().map(|k| format!("{n} {k}")).collect();
        assert_eq!(contents(&list), expected);
    }
}
