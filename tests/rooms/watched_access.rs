//! Rooms, members and users that another program changes or deletes: at once in a watched database, else when they are
//! read again.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::{
    foreign::{ALWAYS, history, say},
    watched::{insert, start},
};
use crate::support::{Backend, TestDatabase, TestServer, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_leaves_the_room_at_once_if_the_database_is_watched() {
    let server = start().await;
    server.make_room("secret", RoomType::Private, &["alice", "bob"]).await;
    let mut alice = server.connect_in("alice", "secret").await;
    let mut bob = server.connect_in("bob", "secret").await;
    alice.heard().await;
    bob.heard().await;
    server.database.execute(r#"DELETE FROM "_RoomMembers" WHERE "B" = 'bob'"#).await;
    let refusal = bob.hear("room:error").await;
    assert_eq!((&refusal["code"], &refusal["roomId"]), (&json!("forbidden"), &json!("secret")));
    let members = alice.hear("room:members").await;
    assert_eq!(members["members"].as_array().unwrap().len(), 1);
    assert_eq!(bob.ask("room:join", "secret".into()).await["code"], "forbidden");
    // The refusal of that, too.
    bob.hear("room:error").await;
    server.database.execute(r#"INSERT INTO "_RoomMembers" VALUES ('secret', 'bob')"#).await;
    assert_eq!(alice.hear("room:members").await["members"].as_array().unwrap().len(), 2);
    assert_eq!(bob.ask("room:join", "secret".into()).await["success"], true);
    server.database.execute(r#"TRUNCATE "_RoomMembers""#).await;
    assert_eq!(bob.hear("room:error").await["code"], "forbidden");
    assert_eq!(alice.ask("room:join", "secret".into()).await["code"], "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_becomes_private_is_left_by_all_but_its_members() {
    let server = start().await;
    let (mut alice, _bob) = server.meet().await;
    let mut carol = server.connect_in("carol", "general").await;
    server.database.execute(r#"UPDATE "Room" SET "type" = 'private'"#).await;
    assert_eq!(carol.hear("room:error").await["code"], "forbidden");
    assert_eq!(say(&mut alice, "among us").await["seq"], 1);
}

/// The sockets in a deleted room leave it, and nothing can be done there any more.
async fn is_deleted(server: TestServer, is_watched: bool) {
    let (mut alice, mut bob) = server.meet().await;
    server.database.execute(r#"DELETE FROM "Room""#).await;
    if !is_watched {
        let answer = alice.ask("message:send", json!({"roomId": "general", "content": "x"})).await;
        assert_eq!(answer["code"], "room_not_found");
    }
    let refusal = bob.hear("room:error").await;
    assert_eq!((&refusal["code"], &refusal["roomId"]), (&json!("room_not_found"), &json!("general")));
    for (event, argument) in [
        ("message:send", json!({"roomId": "general", "content": "x"})),
        ("room:join", "general".into()),
        ("messages:sync", json!({"roomId": "general", "since": 0})),
        ("messages:load", json!({"roomId": "general"})),
    ] {
        assert_eq!(alice.ask(event, argument).await["code"], "room_not_found", "{event}");
    }
    // They are out of it: what is told there reaches nobody.
    bob.heard().await;
    alice.emit("typing:start", "general".into()).await;
    alice.heard().await;
    assert_eq!(bob.heard().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sockets_in_a_deleted_room_leave_it_at_once_if_the_database_is_watched() {
    is_deleted(start().await, true).await;
}

on_both! {
    async fn the_sockets_in_a_deleted_room_leave_it_when_the_room_is_read_again(server: TestServer) {
        is_deleted(TestServer::start_with(server.stop().await, &ALWAYS).await, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_is_disconnected_at_once_if_the_database_is_watched() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    say(&mut alice, "one").await;
    server.database.execute(r#"DELETE FROM "User" WHERE "id" = 'bob'"#).await;
    while bob.packet().await.expect("the connection stays") != "41" {}
    assert_eq!(alice.hear("room:user-left").await["userId"], "bob");
}

on_both! {
    async fn a_deleted_user_writes_nothing_more_once_they_are_read_again(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let (_alice, mut bob) = server.meet().await;
        server.database.execute(r#"DELETE FROM "_RoomMembers"; DELETE FROM "User" WHERE "id" = 'bob'"#).await;
        let answer = bob.ask("message:send", json!({"roomId": "general", "content": "x"})).await;
        assert_eq!(answer["code"], "user_not_found");
        let users = r#"SELECT count(*) FROM "User" WHERE "id" = 'bob'"#;
        assert_eq!(server.database.select(users).await, ["0"]);
    }
}

/// Deletes bob, who is a member of nothing and has said nothing.
const DELETE_BOB: &str = r#"DELETE FROM "_RoomMembers"; DELETE FROM "User" WHERE "id" = 'bob'"#;

/// A user who was deleted is disconnected, by all their sockets, when an event of theirs reads them, or when somebody
/// compares a room that they are in.
async fn is_disconnected(backend: Backend, by_own_event: bool) {
    let server = TestServer::start_with(TestDatabase::create(backend).await, &ALWAYS).await;
    let (mut alice, mut bob) = server.meet().await;
    // His other device is in no room.
    let mut other = server.connect("bob").await;
    other.heard().await;
    server.database.execute(DELETE_BOB).await;
    if by_own_event {
        let answer = bob.ask("message:send", json!({"roomId": "general", "content": "x"})).await;
        assert_eq!(answer["code"], "user_not_found", "{backend:?}");
    } else {
        alice.ask("room:join", "general".into()).await;
    }
    for mut socket in [bob, other] {
        while socket.packet().await.expect("the connection stays") != "41" {}
    }
    assert_eq!(alice.hear("room:user-left").await["userId"], "bob", "{backend:?}");
    // The others are there.
    assert_eq!(say(&mut alice, "one").await["content"], "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_is_disconnected_when_they_are_read_again() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        for by_own_event in [true, false] {
            is_disconnected(backend, by_own_event).await;
        }
    }
}

/// An event about somebody who does not exist is refused, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_stays_connected_who_names_a_user_that_is_not_there() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = TestServer::start_with(TestDatabase::create(backend).await, &ALWAYS).await;
        let (mut alice, _bob) = server.meet().await;
        for (event, argument) in
            [("dm:start", json!("nobody")), ("room:invite", json!({"roomId": "general", "userId": "nobody"}))]
        {
            assert_eq!(alice.ask(event, argument).await["code"], "user_not_found", "{backend:?} {event}");
        }
        assert_eq!(say(&mut alice, "one").await["content"], "one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_user_has_the_new_name_at_once_if_the_database_is_watched() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    say(&mut alice, "one").await;
    bob.heard().await;
    // The notice of the second change comes after that of the first: by then the name is known.
    server.database.execute(r#"UPDATE "User" SET "name" = 'Alicia' WHERE "id" = 'alice'"#).await;
    server.database.execute(&insert("n", "general").replace("'bob'", "'alice'")).await;
    assert_eq!(bob.hear("message:new").await["senderName"], "Alicia");
    assert_eq!(say(&mut alice, "two").await["senderName"], "Alicia");
    let shown = history(&mut bob).await;
    let names: Vec<&Value> = shown["messages"].as_array().unwrap().iter().map(|m| &m["senderName"]).collect();
    assert_eq!(names, ["Alicia"; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_user_has_the_new_name_when_it_is_read_again() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = TestServer::start_with(TestDatabase::create(backend).await, &ALWAYS).await;
        let (mut alice, _bob) = server.meet().await;
        server.database.execute(r#"UPDATE "User" SET "name" = 'Alicia' WHERE "id" = 'alice'"#).await;
        assert_eq!(say(&mut alice, "one").await["senderName"], "Alicia");
    }
}

/// Another program is the only one that changes a room's messages where nothing is compared.
#[tokio::test(flavor = "multi_thread")]
async fn rooms_are_not_compared_if_the_settings_say_that_nobody_else_writes() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let settings = ["--membership-ttl", "0", "--external-changes", "off"];
        let server = TestServer::start_with(TestDatabase::create(backend).await, &settings).await;
        let (mut alice, _bob) = server.meet().await;
        say(&mut alice, "one").await;
        server.database.execute(r#"UPDATE "Message" SET "content" = 'ONE'"#).await;
        assert_eq!(history(&mut alice).await["messages"][0]["content"], "one");
        let server = TestServer::start_with(server.stop().await, &settings).await;
        let mut alice = server.connect("alice").await;
        let shown = history(&mut alice).await;
        assert_eq!((&shown["messages"][0]["content"], &shown["seq"]), (&json!("ONE"), &json!(1)));
    }
}
