//! Loading a room while others write in it: entries committed meanwhile are neither lost nor shown twice.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer, database::Hold};

/// Selects from the read marks only once nobody has this lock: the statement that loads a room stops there, and has begun.
const GATE: &str = "ALTER TABLE chatoxide.read_marker RENAME TO marks;
    INSERT INTO chatoxide.marks (room_id, user_id, seq, at) VALUES ('general', 'carol', 0, now());
    CREATE FUNCTION chatoxide.pass() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_advisory_xact_lock_shared(1); RETURN 1; END $$;
    CREATE VIEW chatoxide.read_marker AS
        SELECT marks.* FROM (SELECT chatoxide.pass() OFFSET 0) AS gate, chatoxide.marks";

/// Alice, who is not in the room that she speaks in, and bob, who is joining it: the statement that loads the room has its moment,
/// and waits.
async fn start() -> (TestServer, Client, Client, Hold) {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &["--database-timeout", "20000"]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect("alice").await;
    let mut bob = server.connect("bob").await;
    alice.say("general", "one").await;
    server.database.execute(GATE).await;
    let hold = server.database.hold("SELECT pg_advisory_xact_lock(1)").await;
    bob.emit("room:join", "general".into()).await;
    server.database.waits_for_a_lock("WITH sized", 1).await;
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
async fn entries_committed_while_a_room_loads_are_in_its_history() {
    let (_server, mut alice, mut bob, hold) = start().await;
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
    let (_server, mut alice, mut bob, hold) = start().await;
    // Another node writes.
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
