//! A room comes to be live while others go on writing in it: what is committed meanwhile is neither lost nor shown twice.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer, database::Hold};

/// Alice, who is not in the room that she speaks in, and bob, who is joining it: the room is loaded, and the statement that
/// contains `part` waits for a lock.
async fn start(lock: &str, part: &str) -> (TestServer, Client, Client, Hold) {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &["--database-timeout", "20000"]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect("alice").await;
    let mut bob = server.connect("bob").await;
    alice.say("general", "one").await;
    let hold = server.database.hold(lock).await;
    bob.emit("room:join", "general".into()).await;
    server.database.waits_for_a_lock(part, 1).await;
    (server, alice, bob, hold)
}

fn contents(history: &Value) -> Vec<&str> {
    history["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_while_a_room_loads_is_in_its_history() {
    let lock = "LOCK TABLE chatoxide.read_marker IN ACCESS EXCLUSIVE MODE";
    let (_server, mut alice, mut bob, hold) = start(lock, "read_marker").await;
    // The newest messages are loaded by now, and who has read them is not.
    alice.say("general", "two").await;
    hold.release().await;
    let history = bob.hear("room:history").await;
    assert_eq!((&history["seq"], contents(&history)), (&json!(2), vec!["two", "one"]));
    alice.say("general", "three").await;
    let next = bob.hear("message:new").await;
    assert_eq!((&next["seq"], &next["content"]), (&json!(3), &json!("three")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_loaded_as_it_was_at_one_moment() {
    let lock = r#"LOCK TABLE "Message" IN ACCESS EXCLUSIVE MODE"#;
    let (_server, mut alice, mut bob, hold) = start(lock, r#""Message""#).await;
    // The end of the log is known by now, and the messages are not. Another node writes.
    hold.execute(
        r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content") VALUES ('2', 'general', 'alice', 'two');
           INSERT INTO chatoxide.room_log (room_id, seq, kind, message_id, actor_id, at)
               SELECT room_id, 2, 'new', '2', 'alice', at FROM chatoxide.room_head;
           UPDATE chatoxide.room_head SET seq = 2"#,
    )
    .await;
    hold.release().await;
    let history = bob.hear("room:history").await;
    assert_eq!((&history["seq"], contents(&history)), (&json!(1), vec!["one"]));
    alice.say("general", "three").await;
    for (seq, content) in [(2, "two"), (3, "three")] {
        let next = bob.hear("message:new").await;
        assert_eq!((&next["seq"], &next["content"]), (&json!(seq), &json!(content)));
    }
}
