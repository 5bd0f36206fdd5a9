//! A walk through the events, on a database with the rows of [`prisma`](super::prisma), whatever its columns are like.

use serde_json::{Value, json};

use super::{Client, TestDatabase, TestServer};

pub async fn ask(client: &mut Client, event: &str, argument: Value) -> Value {
    let answer = client.ask(event, argument).await;
    assert_eq!(answer["success"], true, "{event}: {answer}");
    answer
}

pub async fn join(server: &TestServer, user: &str, room: &str) -> (Client, Value) {
    let mut client = server.connect(user).await;
    client.emit("room:join", room.into()).await;
    let history = client.hear("room:history").await;
    (client, history)
}

/// The messages of a history by their ids.
pub fn find<'a>(history: &'a Value, id: &Value) -> &'a Value {
    let messages = history["messages"].as_array().unwrap();
    messages.iter().find(|message| message["id"] == *id).unwrap_or_else(|| panic!("{id} in {history}"))
}

/// The ids of a walk.
pub struct Ids {
    pub alice: &'static str,
    pub bob: &'static str,
    pub carol: &'static str,
    pub old: &'static str,
    pub m1: &'static str,
    pub m2: &'static str,
}

pub const NAMES: Ids = Ids { alice: "alice", bob: "bob", carol: "carol", old: "old", m1: "m1", m2: "m2" };

/// Walks through the events in the room `old`, whose messages are `m1`, with a reaction, and `m2`. Returns its history before
/// and after.
pub async fn walk(database: TestDatabase, settings: &[&str]) -> (TestDatabase, Value, Value) {
    walk_as(&NAMES, database, settings).await
}

/// As [`walk`], where users, rooms and messages have these ids.
pub async fn walk_as(ids: &Ids, database: TestDatabase, settings: &[&str]) -> (TestDatabase, Value, Value) {
    let Ids { alice: alice_id, bob: bob_id, carol: carol_id, old, m1, m2 } = *ids;
    let server = TestServer::start_with(database, settings).await;
    let (mut alice, before) = join(&server, alice_id, old).await;
    assert_eq!(before["messages"].as_array().unwrap().len(), 2, "{before}");
    assert_eq!(find(&before, &m1.into())["reactions"], json!([{"emoji": "👍", "userId": alice_id}]));
    assert_eq!(find(&before, &m1.into())["createdAt"], "2026-01-31T09:05:07.042Z");
    assert_eq!(find(&before, &m2.into())["updatedAt"], Value::Null);
    assert_eq!(alice.hear("room:members").await["members"].as_array().unwrap().len(), 1);

    // The first message takes the slow path, the second the fast one.
    let mut sent = Vec::new();
    for n in 0..2 {
        let message = json!({"roomId": old, "content": "picture", "type": "image", "metadata": {"n": n}});
        let mut answer = ask(&mut alice, "message:send", message).await;
        let message = answer["message"].take();
        assert_eq!((&message["type"], &message["updatedAt"]), (&json!("image"), &Value::Null), "{message}");
        sent.push(message["id"].clone());
    }
    for id in [&sent[0], &json!(m2)] {
        let edited = ask(&mut alice, "message:edit", json!({"messageId": id, "content": "edited"})).await;
        assert_ne!(edited["message"]["updatedAt"], Value::Null, "{edited}");
        let reaction = json!({"messageId": id, "roomId": old, "emoji": "👀"});
        ask(&mut alice, "reaction:add", reaction.clone()).await;
        ask(&mut alice, "reaction:remove", reaction.clone()).await;
        ask(&mut alice, "reaction:add", reaction).await;
    }
    ask(&mut alice, "message:delete", json!({"messageId": m1, "roomId": old})).await;
    ask(&mut alice, "room:read", old.into()).await;
    let missed = ask(&mut alice, "messages:sync", json!({"roomId": old, "since": before["seq"]})).await;
    assert_eq!(missed["complete"], true, "{missed}");
    assert_eq!(missed["events"].as_array().unwrap().len(), 2 + 2 + 6 + 1, "{missed}");
    let update = json!({"roomId": old, "name": "Renamed", "topic": "new"});
    let renamed = ask(&mut alice, "room:update", update.clone()).await["room"].take();
    assert_eq!((&renamed["name"], &renamed["topic"]), (&json!("Renamed"), &json!("new")), "{renamed}");
    assert_eq!(alice.hear("room:updated").await["name"], "Renamed");
    // The same once more is no change.
    assert_eq!(ask(&mut alice, "room:update", update).await["room"], renamed);
    let page = alice.ask("messages:load", json!({"roomId": old, "before": "2026-02-01"})).await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 1, "{page}");

    // Somebody new, a direct room, a public room, and an invitation.
    let mut bob = server.connect(bob_id).await;
    assert_eq!(ask(&mut alice, "dm:start", bob_id.into()).await["room"]["type"], "direct");
    let open = ask(&mut bob, "room:create", json!({"name": "Open"})).await;
    ask(&mut alice, "room:invite", json!({"roomId": old, "userId": bob_id})).await;
    let listed = ask(&mut bob, "rooms:list", json!({})).await;
    let mut types: Vec<&str> =
        listed["rooms"].as_array().unwrap().iter().map(|room| room["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, ["direct", "private", "public"], "{listed}");
    let of_old = listed["rooms"].as_array().unwrap().iter().find(|room| room["id"] == old).unwrap();
    assert_eq!((&of_old["name"], &of_old["topic"]), (&json!("Renamed"), &json!("new")), "{listed}");
    let (_carol, open) = join(&server, carol_id, open["room"]["id"].as_str().unwrap()).await;
    assert_eq!(open["messages"], json!([]));

    let (_alice, live) = join(&server, alice_id, old).await;
    let database = server.stop().await;
    let server = TestServer::start_with(database, settings).await;
    let (_alice, after) = join(&server, alice_id, old).await;
    assert_eq!(live["messages"], after["messages"]);
    // Nothing was taken for the change of another program.
    assert_eq!(live["seq"], after["seq"]);
    let (first, second) = (find(&after, &sent[0]), find(&after, &sent[1]));
    assert_eq!((&first["content"], &first["type"]), (&json!("edited"), &json!("image")));
    assert_eq!((&second["updatedAt"], &second["metadata"]), (&Value::Null, &json!({"n": 1})));
    assert_eq!(first["reactions"], json!([{"emoji": "👀", "userId": alice_id}]));
    (server.stop().await, before, after)
}
