//! Repair of Node's keys after any loss on the way to Redis. These tests run without a server, so that each decides which
//! changes are noted and when they are written.

use std::{path::Path, sync::Arc};

use chatoxide::{
    chat::{mention::Mentioned, message::MessageType, room::RoomType, timestamp::Timestamp},
    clock,
    cluster::node_cache::NodeCache,
    db::{
        read_markers::ReadMark,
        room_log::{Append, Appended, Appender, Change, Entry, EntryBody, MessageDeleted, NewMessage},
    },
};
use deadpool_redis::redis::{self, AsyncCommands, aio::MultiplexedConnection};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::support::{
    Backend, TestDatabase, TestServer,
    redis::{fresh_redis, try_connect},
    soon, until,
};

/// A database in which messages are stored of which no server tells Redis: that is up to the test.
struct Room {
    server: TestServer,
    appender: Appender,
}

impl Room {
    async fn create() -> Self {
        let database = TestDatabase::create(Backend::Sqlite).await;
        let server = TestServer::start_with(database, &[]).await;
        server.make_room("general", RoomType::Public, &["alice"]).await;
        Self { server, appender: Appender::default() }
    }

    /// Stores a message; its entry.
    async fn store(&mut self, content: &str) -> Entry {
        self.store_in("general", content).await
    }

    async fn store_in(&mut self, room_id: &str, content: &str) -> Entry {
        let message = NewMessage {
            content: content.to_owned(),
            kind: MessageType::Text,
            metadata: json!({}),
            reply_to: None,
            client_id: None,
            mentioned: Mentioned::default(),
            thread: None,
        };
        let append = Append {
            room_id: room_id.into(),
            actor_id: "alice".into(),
            actor_name: "Alice".into(),
            change: Change::New(message),
        };
        let batch: Arc<[Append]> = Arc::new([append]);
        match self.appender.append(&self.server.db, batch, clock::now()).await.unwrap().remove(0) {
            Appended::Entry(entry) => entry,
            other => panic!("{other:?}"),
        }
    }
}

async fn contents(redis: &mut MultiplexedConnection) -> Vec<String> {
    let list: Vec<String> = redis.lrange("chat:messages:general", 0, -1).await.unwrap();
    let content = |message: &String| serde_json::from_str::<Value>(message).unwrap()["content"].take();
    list.iter().map(|message| content(message).as_str().unwrap().to_owned()).collect()
}

async fn mark_becomes(redis: &MultiplexedConnection, expected: &str) {
    until("the mark is true", async || {
        let millis: Option<String> = redis.clone().hget("chat:read:general", "alice").await.unwrap();
        (millis.as_deref() == Some(expected)).then_some(())
    })
    .await;
}

fn mark(room: &str, millis: i64) -> ReadMark {
    ReadMark {
        room_id: room.into(),
        user_id: "alice".into(),
        at: Timestamp::from_millis(millis),
        seq: Some(1),
    }
}

/// Notes all of it before any of it is written, and then waits for that: in a test with one worker thread, which is busy here.
async fn note_at_once(keys: &NodeCache, note: impl FnOnce(&NodeCache) + Send + 'static) {
    let keys = keys.clone();
    let noted = tokio::spawn(async move {
        note(&keys);
        keys.flush().await;
    });
    noted.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_a_rewritten_list_is_not_pushed_again() {
    let (url, mut redis) = fresh_redis().await;
    let mut room = Room::create().await;
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    let (first, second) = (room.store("one").await, room.store("two").await);
    // The list is not known yet: it is written with both.
    keys.note_entry(&first, None);
    keys.flush().await;
    assert_eq!(contents(&mut redis).await, ["two", "one"]);
    keys.note_entry(&second, None);
    keys.flush().await;
    assert_eq!(contents(&mut redis).await, ["two", "one"]);
    keys.note_entry(&room.store("three").await, None);
    keys.flush().await;
    assert_eq!(contents(&mut redis).await, ["three", "two", "one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn messages_beyond_the_queue_are_written_nevertheless() {
    /// More than may wait.
    const MANY: usize = 20_000;
    let (url, mut redis) = fresh_redis().await;
    let mut room = Room::create().await;
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    keys.note_entry(&room.store("one").await, None);
    keys.flush().await;
    let (second, third) = (room.store("two").await, room.store("three").await);
    note_at_once(&keys, move |keys| {
        for _ in 0..MANY {
            keys.note_read(&mark("elsewhere", 1));
        }
        keys.note_entry(&second, None);
        keys.note_entry(&third, None);
    })
    .await;
    assert_eq!(contents(&mut redis).await, ["three", "two", "one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_whose_change_was_lost_is_rewritten_before_the_next_push() {
    /// Rooms, by the length of their ids, that fill what is noted of rooms to the last: the next finds no place.
    const FILLING: [(usize, usize); 5] = [(1 << 20, 17), (1 << 15, 33), (1 << 10, 34), (32, 34), (7, 3)];
    let (url, mut redis) = fresh_redis().await;
    let mut room = Room::create().await;
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    keys.note_entry(&room.store("one").await, None);
    keys.flush().await;
    let second = room.store("two").await;
    note_at_once(&keys, move |keys| {
        let changed = |room_id: &str| Entry {
            room_id: room_id.into(),
            body: EntryBody::Deleted(MessageDeleted("it".into())),
            ..second.clone()
        };
        for (length, count) in FILLING {
            for number in (0..count).map(|n| n.to_string()) {
                let filling = "x".repeat(length - number.len());
                keys.note_entry(&changed(&format!("{number}{filling}")), None);
            }
        }
        keys.note_entry(&changed("general"), None);
    })
    .await;
    keys.note_entry(&room.store("three").await, None);
    keys.flush().await;
    until("the list is true", async || (contents(&mut redis).await == ["three", "two", "one"]).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_newest_of_several_marks_is_written() {
    let (url, mut redis) = fresh_redis().await;
    let room = Room::create().await;
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    note_at_once(&keys, |keys| {
        for millis in [1_000, 3_000, 2_000] {
            keys.note_read(&mark("general", millis));
        }
    })
    .await;
    let millis: String = redis.hget("chat:read:general", "alice").await.unwrap();
    assert_eq!(millis, "3000");
}

/// Starts a Redis of the test alone, with the data of the one before it.
async fn start_redis(folder: &Path) -> (Child, MultiplexedConnection) {
    let socket = folder.join("redis.sock");
    let child = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--unixsocket"])
        .arg(&socket)
        .current_dir(folder)
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let url = format!("unix://{}", socket.display());
    let ready = until("Redis answers", async || {
        let mut redis = try_connect(&url).await?;
        let pong: Result<String, _> = redis::cmd("PING").query_async(&mut redis).await;
        pong.is_ok().then_some(redis)
    });
    (child, ready.await)
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_sent_while_redis_was_away_are_on_the_list_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first_run, mut redis) = start_redis(folder.path()).await;
    let mut room = Room::create().await;
    let url = format!("unix://{}", folder.path().join("redis.sock").display());
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    keys.note_entry(&room.store("one").await, None);
    keys.flush().await;
    assert_eq!(contents(&mut redis).await, ["one"]);

    // Redis keeps what it has, and is away for long enough that writing fails: that is over when the flush is.
    let _ended: redis::RedisResult<()> = redis::cmd("SHUTDOWN").arg("SAVE").query_async(&mut redis).await;
    soon("the end of Redis", first_run.wait()).await.unwrap();
    keys.note_entry(&room.store("two").await, None);
    keys.note_read(&mark("general", 1_000));
    keys.flush().await;
    let (mut second_run, mut redis) = start_redis(folder.path()).await;
    // By itself: nothing more is noted.
    until("the list is true", async || (contents(&mut redis).await == ["two", "one"]).then_some(())).await;
    mark_becomes(&redis, "1000").await;
    keys.note_entry(&room.store("three").await, None);
    keys.flush().await;
    assert_eq!(contents(&mut redis).await, ["three", "two", "one"]);
    second_run.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_of_node_that_could_not_be_read_are_read_when_redis_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first_run, mut redis) = start_redis(folder.path()).await;
    let room = Room::create().await;
    let url = format!("unix://{}", folder.path().join("redis.sock").display());
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    let () = redis.hset("chat:read:general", "nora", "1769850307042").await.unwrap();
    let _ended: redis::RedisResult<()> = redis::cmd("SHUTDOWN").arg("SAVE").query_async(&mut redis).await;
    soon("the end of Redis", first_run.wait()).await.unwrap();
    keys.import_reads(&"general".into());
    // Reading them has failed when the flush is over.
    keys.flush().await;
    let (mut second_run, _redis) = start_redis(folder.path()).await;
    let database = &room.server.database;
    let imported = database.own("SELECT at FROM own.read_marker WHERE user_id = 'nora'");
    let at = until("the mark of Node is read", async || database.select(&imported).await.pop()).await;
    assert_eq!(at, "2026-01-31 09:05:07.042");
    second_run.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_redis_refused_are_written_when_it_accepts_them() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, redis) = start_redis(folder.path()).await;
    let mut room = Room::create().await;
    let url = format!("unix://{}", folder.path().join("redis.sock").display());
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    keys.note_entry(&room.store("one").await, None);
    keys.flush().await;
    let memory = async |bytes: &str| {
        let mut redis = redis.clone();
        let set = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).clone();
        let _set: () = set.query_async(&mut redis).await.unwrap();
    };
    // So little that it refuses every command that writes.
    memory("1").await;
    keys.note_entry(&room.store("two").await, None);
    keys.note_read(&mark("general", 1_000));
    keys.flush().await;
    assert_eq!(contents(&mut redis.clone()).await, ["one"]);
    memory("0").await;
    until("the list is true", async || (contents(&mut redis.clone()).await == ["two", "one"]).then_some(()))
        .await;
    mark_becomes(&redis, "1000").await;
    child.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_key_of_another_type_costs_only_its_own_marks() {
    let (url, redis) = fresh_redis().await;
    let room = Room::create().await;
    let key = |n: usize| format!("chat:read:room-{n}");
    for n in 0..40 {
        let () = match n {
            7 | 23 => redis.clone().set(key(n), "a text").await.unwrap(),
            _ => redis.clone().hset(key(n), "nora", "1767225600000").await.unwrap(),
        };
    }
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    note_at_once(&keys, |keys| (0..40).for_each(|n| keys.import_reads(&format!("room-{n}").into()))).await;
    let imported = room.server.database.own("SELECT count(*) FROM own.read_marker WHERE user_id = 'nora'");
    assert_eq!(room.server.database.select(&imported).await, ["38"]);
    // The same holds when marks are written.
    note_at_once(&keys, |keys| (0..40).for_each(|n| keys.note_read(&mark(&format!("room-{n}"), 9)))).await;
    for n in (0..40).filter(|n| ![7, 23].contains(n)) {
        let millis: Option<String> = redis.clone().hget(key(n), "alice").await.unwrap();
        assert_eq!(millis.as_deref(), Some("9"), "{n}");
    }
    let left: String = redis.clone().get(key(7)).await.unwrap();
    assert_eq!(left, "a text");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_of_another_type_has_no_other_list_rewritten() {
    let (url, redis) = fresh_redis().await;
    let mut room = Room::create().await;
    room.server.make_room("other", RoomType::Public, &["alice"]).await;
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    let first = [room.store("one").await, room.store_in("other", "one").await];
    note_at_once(&keys, move |keys| first.iter().for_each(|entry| keys.note_entry(entry, None))).await;
    // Beyond the end of a list that nobody writes anew.
    let () = redis.clone().rpush("chat:messages:general", "mark").await.unwrap();
    let () = redis.clone().set("chat:messages:other", "a text").await.unwrap();

    let second = [room.store("two").await, room.store_in("other", "two").await];
    note_at_once(&keys, move |keys| second.iter().for_each(|entry| keys.note_entry(entry, None))).await;
    let list: Vec<String> = redis.clone().lrange("chat:messages:general", 0, -1).await.unwrap();
    assert_eq!((list.len(), list[2].as_str()), (3, "mark"));
    let list: Vec<String> = redis.clone().lrange("chat:messages:other", 0, -1).await.unwrap();
    assert_eq!(list.len(), 2, "written in the place of what was there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_room_that_cannot_be_read_keeps_no_other_list_from_being_written() {
    let (url, redis) = fresh_redis().await;
    let mut room = Room::create().await;
    let mut entries = Vec::new();
    for n in 0..20 {
        let id = format!("room-{n}");
        room.server.make_room(&id, RoomType::Public, &["alice"]).await;
        entries.push(room.store_in(&id, "one").await);
    }
    let odd = "UPDATE own.room_log SET at = 'odd' \
        WHERE room_id IN ('room-1', 'room-3', 'room-5', 'room-7', 'room-9')";
    room.server.database.execute(&room.server.database.own(odd)).await;
    let keys = NodeCache::start(Some(&url), room.server.db.clone());
    note_at_once(&keys, move |keys| entries.iter().for_each(|entry| keys.note_entry(entry, None))).await;
    for n in 0..20 {
        let count: usize = redis.clone().llen(format!("chat:messages:room-{n}")).await.unwrap();
        assert_eq!(count, usize::from(![1, 3, 5, 7, 9].contains(&n)), "{n}");
    }
}
