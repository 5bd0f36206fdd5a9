//! A walk through every event on the wire: three users who are there, and a newcomer.

use std::time::Duration;

use chatoxide::clock;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, until};

/// The people and the room of a database that the walk begins with. Alice and bob are in the room, where she has said
/// `first` and he `second`.
pub struct World {
    /// The ids of alice, bob, carol, and of dave, who is new.
    pub users: [&'static str; 4],
    /// The names of alice, bob and carol.
    pub names: [&'static str; 3],
    pub room: &'static str,
    pub room_name: &'static str,
    pub room_type: &'static str,
    /// The ids of `first` and `second`.
    pub messages: [&'static str; 2],
    /// True if everybody may enter the room.
    pub is_open: bool,
}

/// The usual ids.
pub const WORLD: World = World {
    users: ["alice", "bob", "carol", "dave"],
    names: ["Alice", "Bob", "Carol"],
    room: "r1",
    room_name: "",
    room_type: "private",
    messages: ["m1", "m2"],
    is_open: false,
};

/// The rooms and messages that the walk has made.
pub struct Walked {
    pub plans: String,
    pub open: String,
    /// `third`, a reply with metadata, and a picture.
    pub third: String,
    pub picture: String,
}

async fn connect(server: &TestServer, id: &str, name: &str) -> Client {
    let expires = clock::now().millis() / 1_000 + Duration::from_secs(600).as_secs() as i64;
    server.connect_as(&json!({"sub": id, "name": name, "exp": expires})).await
}

async fn done(client: &mut Client, event: &str, argument: Value) -> Value {
    let answer = client.ask(event, argument.clone()).await;
    assert_eq!(answer["success"], true, "{event} {argument}: {answer}");
    answer
}

/// Joins a room and returns its history and members.
async fn join(client: &mut Client, room: &str) -> (Value, Value) {
    done(client, "room:join", room.into()).await;
    (client.hear("room:history").await, client.hear("room:members").await)
}

fn contents(messages: &Value) -> Vec<&str> {
    messages.as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect()
}

fn listed<'a>(answer: &'a Value, room: &str) -> Option<&'a Value> {
    answer["rooms"].as_array().unwrap().iter().find(|listed| listed["id"] == room)
}

/// Walks through every event, and panics where one fails.
pub async fn walk(server: &TestServer, world: &World) -> Walked {
    let [alice_id, bob_id, carol_id, _] = world.users;
    let mut alice = connect(server, alice_id, world.names[0]).await;
    let mut bob = connect(server, bob_id, world.names[1]).await;
    let mut carol = connect(server, carol_id, world.names[2]).await;
    enter(&mut alice, &mut bob, world).await;
    let (third, picture) = talk(&mut alice, &mut bob, world).await;
    read(&mut alice, &mut bob, world, &third).await;
    let (plans, open) = make_rooms(&mut alice, &mut bob, &mut carol, world).await;
    direct(&mut alice, &mut bob, world).await;
    newcome(server, &mut alice, world, &open).await;
    if !world.is_open {
        assert_eq!(carol.ask("room:join", world.room.into()).await["code"], "forbidden");
    }
    Walked { plans, open, third, picture }
}

async fn enter(alice: &mut Client, bob: &mut Client, world: &World) {
    let rooms = done(alice, "rooms:list", json!({})).await;
    let room = listed(&rooms, world.room).unwrap_or_else(|| panic!("{rooms}"));
    assert_eq!(room["type"], world.room_type, "{room}");
    let (history, members) = join(alice, world.room).await;
    assert_eq!(contents(&history["messages"]), ["second", "first"]);
    let first = &history["messages"][1];
    assert_eq!(first["id"], world.messages[0]);
    assert_eq!(first["senderId"], world.users[0]);
    assert_eq!(first["senderName"], world.names[0]);
    assert_eq!(first["createdAt"], "2026-01-31T09:05:07.042Z");
    assert_eq!((&first["updatedAt"], &first["type"]), (&Value::Null, &json!("text")));
    assert_eq!((&first["metadata"], &first["reactions"]), (&json!({}), &json!([])));
    if !world.is_open {
        let names: Vec<_> =
            members["members"].as_array().unwrap().iter().map(|member| &member["name"]).collect();
        assert_eq!(names, world.names[..2].iter().collect::<Vec<_>>());
        let name = if world.room_name.is_empty() { world.room } else { world.room_name };
        assert_eq!(room["name"], name);
    }
    join(bob, world.room).await;
    assert_eq!(alice.hear("room:user-joined").await["user"]["id"], world.users[1]);
    alice.heard().await;
}

/// Sends, edits, reacts, deletes, types. Returns a reply with metadata, and a picture.
async fn talk(alice: &mut Client, bob: &mut Client, world: &World) -> (String, String) {
    let room = world.room;
    let [first, second] = world.messages;
    let third = json!({"roomId": room, "content": "third", "metadata": {"a": [1]}, "replyTo": first});
    let third = done(alice, "message:send", third).await["message"].take();
    let heard = bob.hear("message:new").await;
    assert_eq!(heard, third);
    assert_eq!((&heard["metadata"], &heard["replyTo"]), (&json!({"a": [1]}), &json!(first)));
    assert_eq!(heard["updatedAt"], Value::Null);
    let third = third["id"].as_str().unwrap().to_owned();
    let picture = json!({"roomId": room, "content": "a picture", "type": "image"});
    let picture = done(bob, "message:send", picture).await["message"].take();
    assert_eq!(picture["type"], "image");
    let picture = picture["id"].as_str().unwrap().to_owned();

    let edit = json!({"messageId": first, "content": "first, edited"});
    done(alice, "message:edit", edit).await;
    let updated = bob.hear("message:updated").await;
    assert_eq!((&updated["id"], &updated["content"]), (&json!(first), &json!("first, edited")));
    assert!(updated["updatedAt"].is_string(), "{updated}");

    let react = |emoji: &str| json!({"messageId": second, "roomId": room, "emoji": emoji});
    done(bob, "reaction:add", react("👍")).await;
    done(bob, "reaction:add", react("🎉")).await;
    done(bob, "reaction:add", react("👍")).await;
    done(bob, "reaction:remove", react("🎉")).await;
    for (event, emoji) in [("reaction:added", "👍"), ("reaction:added", "🎉"), ("reaction:removed", "🎉")]
    {
        let heard = alice.hear(event).await;
        assert_eq!((&heard["emoji"], &heard["userId"]), (&json!(emoji), &json!(world.users[1])));
    }

    let said = alice.say(room, "said too soon").await;
    let id = said["id"].as_str().unwrap();
    done(bob, "reaction:add", json!({"messageId": id, "roomId": room, "emoji": "👀"})).await;
    done(alice, "message:delete", json!({"messageId": id, "roomId": room})).await;
    assert_eq!(bob.hear("message:deleted").await["messageId"], id);
    bob.emit("typing:start", room.into()).await;
    assert_eq!(alice.hear("typing:user").await["userId"], world.users[1]);
    bob.emit("typing:stop", room.into()).await;
    assert_eq!(alice.hear("typing:stopped").await["userId"], world.users[1]);
    (third, picture)
}

/// Reads: pages, catching up, read marks, lists, users.
async fn read(alice: &mut Client, bob: &mut Client, world: &World, third: &str) {
    let room = world.room;
    let page = done(alice, "messages:load", json!({"roomId": room, "before": null, "limit": 2})).await;
    assert_eq!(contents(&page["messages"]), ["a picture", "third"]);
    let before = page["messages"][1]["createdAt"].clone();
    assert_eq!(page["messages"][1]["id"], third);
    let page = done(alice, "messages:load", json!({"roomId": room, "before": before, "limit": 9})).await;
    assert_eq!(contents(&page["messages"]), ["second", "first, edited"]);
    assert_eq!(page["messages"][0]["reactions"], json!([{"emoji": "👍", "userId": world.users[1]}]));
    let synced = done(alice, "messages:sync", json!({"roomId": room, "since": 0})).await;
    assert_eq!(synced["complete"], true, "{synced}");
    done(bob, "room:read", room.into()).await;
    assert_eq!(alice.hear("room:user-read").await["userId"], world.users[1]);
    // In a public room bob need be no member.
    let readers = done(alice, "message:readers", json!({"messageId": world.messages[0]})).await;
    let ids: Vec<&Value> =
        readers["readers"].as_array().unwrap().iter().map(|reader| &reader["id"]).collect();
    assert!(ids.contains(&&json!(world.users[1])) || world.is_open, "{readers}");
    done(bob, "room:mark-unread", json!({"roomId": room, "messageId": world.messages[0]})).await;
    let counts = done(bob, "unread:list", json!({})).await;
    let count = counts["rooms"].as_array().unwrap().iter().find(|one| one["roomId"] == room);
    assert!(count.is_some_and(|count| count["unreadCount"] == 2) || world.is_open, "{counts}");
    done(bob, "room:read", json!({"roomId": room, "seq": 1})).await;
    done(bob, "settings:update", json!({"privateReads": false})).await;
    done(bob, "status:set", json!({"text": "Lunch"})).await;
    done(bob, "room:leave", room.into()).await;
    assert_eq!(alice.hear("room:user-left").await["userId"], world.users[1]);
    let mut found = done(alice, "users:find", json!({"query": world.names[1].to_lowercase()})).await;
    assert_eq!(found["users"][0].take()["id"], world.users[1]);
    let watched = done(alice, "users:watch", json!({"userIds": [world.users[1]]})).await;
    // Presence is for those who share a room as members.
    let online = if world.is_open { json!([]) } else { json!([world.users[1]]) };
    assert_eq!(watched["online"], online, "{watched}");
    let present = done(alice, "presence:list", json!({"userIds": [world.users[1]]})).await;
    let there = json!([{"userId": world.users[1], "state": "online", "status": {"text": "Lunch"}}]);
    assert_eq!(present["users"], if world.is_open { json!([]) } else { there }, "{present}");
    join(bob, room).await;
}

/// Makes a private room and a public one, invites, lets a guest in, and lets a member leave.
async fn make_rooms(
    alice: &mut Client,
    bob: &mut Client,
    carol: &mut Client,
    world: &World,
) -> (String, String) {
    let [_, bob_id, carol_id, _] = world.users;
    let create = |name: &str, kind: &str| json!({"name": name, "type": kind, "members": [bob_id]});
    let made = done(alice, "room:create", create("Plans", "private")).await;
    assert_eq!(
        (&made["room"]["type"], &made["room"]["name"]),
        (&json!("private"), &json!("Plans")),
        "{made}"
    );
    let plans = made["room"]["id"].as_str().unwrap().to_owned();
    assert_eq!(bob.hear("room:invited").await["room"]["id"], plans.as_str());
    assert_eq!(carol.ask("room:join", plans.as_str().into()).await["code"], "forbidden");
    done(alice, "room:invite", json!({"roomId": plans, "userId": carol_id})).await;
    join(carol, &plans).await;
    carol.say(&plans, "thanks").await;
    // Away and back: a member who left may be invited again.
    for _ in 0..2 {
        done(carol, "member:leave", plans.as_str().into()).await;
        assert_eq!(carol.ask("room:join", plans.as_str().into()).await["code"], "forbidden");
        done(alice, "room:invite", json!({"roomId": plans, "userId": carol_id})).await;
    }
    let made = done(alice, "room:create", create("Square", "public")).await;
    assert_eq!(made["room"]["type"], "public", "{made}");
    let open = made["room"]["id"].as_str().unwrap().to_owned();
    join(carol, &open).await;
    let joined = done(carol, "member:join", open.as_str().into()).await;
    assert_eq!(joined["room"]["members"].as_array().unwrap().len(), 3, "{joined}");
    done(carol, "room:presence", open.as_str().into()).await;
    (plans, open)
}

async fn direct(alice: &mut Client, bob: &mut Client, world: &World) {
    let started = alice.ask("dm:start", world.users[1].into()).await;
    assert_eq!(started["success"], true, "{started}");
    assert_eq!(started["room"]["type"], "direct");
    let room = started["room"]["id"].as_str().unwrap();
    assert_eq!(bob.hear("dm:started").await["room"]["id"], room);
    join(bob, room).await;
    bob.say(room, "a word in private").await;
    assert_eq!(alice.hear("message:new").await["content"], "a word in private");
    let again = alice.ask("dm:start", world.users[1].into()).await;
    assert_eq!(again["room"], started["room"]);
}

/// Somebody whom the database does not know, with a name that a user has already.
async fn newcome(server: &TestServer, alice: &mut Client, world: &World, open: &str) {
    let mut dave = connect(server, world.users[3], world.names[1]).await;
    let rooms = done(&mut dave, "rooms:list", json!({})).await;
    assert_eq!(listed(&rooms, open).map(|room| &room["name"]), Some(&json!("Square")), "{rooms}");
    assert_eq!(listed(&rooms, world.room).is_some(), world.is_open, "{rooms}");
    join(&mut dave, open).await;
    join(alice, open).await;
    let said = dave.say(open, "hello").await;
    let heard = alice.hear("message:new").await;
    assert_eq!((&heard, &heard["senderId"]), (&said, &json!(world.users[3])));
    assert!(heard["senderName"].as_str().unwrap().starts_with(world.names[1]), "{heard}");
}

/// Looks at all of it on a server that was started afterwards, and remembers nothing.
pub async fn look_again(server: &TestServer, world: &World, walked: &Walked) {
    let mut alice = connect(server, world.users[0], world.names[0]).await;
    let (history, _) = join(&mut alice, world.room).await;
    let messages = &history["messages"];
    assert_eq!(contents(messages), ["a picture", "third", "second", "first, edited"]);
    let [picture, third, second, first] = [0, 1, 2, 3].map(|place| &messages[place]);
    assert_eq!((&picture["id"], &picture["type"]), (&json!(walked.picture), &json!("image")));
    assert_eq!((&third["id"], &third["metadata"]), (&json!(walked.third), &json!({"a": [1]})));
    assert_eq!(third["replyTo"], world.messages[0]);
    assert_eq!(second["reactions"], json!([{"emoji": "👍", "userId": world.users[1]}]));
    assert!(first["updatedAt"].is_string(), "{first}");
    for unedited in [picture, third, second] {
        assert_eq!(unedited["updatedAt"], Value::Null, "{unedited}");
    }
    let rooms = done(&mut alice, "rooms:list", json!({})).await;
    for (id, name, kind) in [(&walked.plans, "Plans", "private"), (&walked.open, "Square", "public")] {
        let room = listed(&rooms, id).unwrap_or_else(|| panic!("{rooms}"));
        assert_eq!((&room["name"], &room["type"]), (&json!(name), &json!(kind)));
    }
    search(server, &mut alice, world).await;
}

/// Finds what was said, and what of it is left.
async fn search(server: &TestServer, alice: &mut Client, world: &World) {
    let sender = format!("from:{} in:{}", world.users[0], world.room);
    until("all is indexed", async || {
        let found = done(alice, "messages:search", json!({ "query": sender })).await;
        let results = found["results"].as_array().unwrap();
        let contents: Vec<_> =
            results.iter().map(|found| found["message"]["content"].as_str().unwrap()).collect();
        (contents == ["third", "first, edited"] && found.get("indexed").is_none()).then_some(())
    })
    .await;
    for (query, count) in [("edited", 1), ("has:image", 1), ("\"said too soon\"", 0), ("gone", 0)] {
        let query = format!("{query} in:{}", world.room);
        let found = done(alice, "messages:search", json!({ "query": query })).await;
        assert_eq!(found["results"].as_array().unwrap().len(), count, "{query}: {found}");
    }
    if !world.is_open {
        let mut carol = connect(server, world.users[2], world.names[2]).await;
        let found = done(&mut carol, "messages:search", json!({ "query": "edited" })).await;
        assert_eq!(found["results"], json!([]));
    }
}
