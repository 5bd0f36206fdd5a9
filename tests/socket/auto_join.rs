//! `AUTO_JOIN_ROOMS`: a socket hears its user's rooms from connecting on.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{Backend, TestDatabase, TestServer};

async fn members_hear_their_rooms_from_connecting_on(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    let server = TestServer::start_with(database, &["--auto-join-rooms", "true"]).await;
    server.make_room("team", RoomType::Private, &["alice", "bob"]).await;
    server.make_room("lobby", RoomType::Public, &["alice"]).await;
    server.make_room("others", RoomType::Public, &["carol"]).await;
    let mut bob = server.connect_in("bob", "team").await;
    let mut carol = server.connect_in("carol", "others").await;
    carol.ask("room:join", "lobby".into()).await;
    bob.heard().await;
    let mut alice = server.connect("alice").await;
    // The rooms are joined before the first event is handled.
    alice.heard().await;
    assert_eq!(bob.heard().await, [], "nobody is told of it");
    for (room, hears) in [("team", true), ("lobby", true), ("others", false)] {
        let speaker = if room == "team" { &mut bob } else { &mut carol };
        let sent = speaker.say(room, "hello").await;
        let heard = alice.heard().await;
        let heard: Vec<_> = heard.iter().map(|(event, message)| (event.as_str(), &message["id"])).collect();
        let expected = [("message:new", &sent["id"])];
        assert_eq!(heard, if hears { &expected[..] } else { &[] }, "{room}");
    }
    let history = {
        alice.ask("room:join", "team".into()).await;
        alice.hear("room:history").await
    };
    assert_eq!(history["messages"].as_array().unwrap().len(), 1);
    // Whoever has closed is in no room any more.
    alice.close().await;
    let left = bob.hear("room:user-left").await;
    assert_eq!(left, json!({"roomId": "team", "userId": "alice"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_hear_their_rooms_from_connecting_on_with_sqlite() {
    members_hear_their_rooms_from_connecting_on(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_hear_their_rooms_from_connecting_on_with_postgres() {
    members_hear_their_rooms_from_connecting_on(Backend::Postgres).await;
}

/// More rooms than a list of rooms has.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_many_rooms_hears_the_quietest_of_them_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        let server = TestServer::start_with(database, &["--auto-join-rooms", "true"]).await;
        server.make_room("a quiet one", RoomType::Private, &["alice", "bob"]).await;
        let rows = |row: &dyn Fn(usize) -> String| (0..520).map(row).collect::<Vec<_>>().join(", ");
        let rooms = rows(&|n| format!("('r{n}', 'Room {n}', 'private', '2999-01-01 00:00:00')"));
        let members = rows(&|n| format!("('r{n}', 'alice')"));
        let insert = format!(
            r#"INSERT INTO "Room" ("id", "name", "type", "createdAt") VALUES {rooms};
            INSERT INTO "_RoomMembers" ("A", "B") VALUES {members}"#
        );
        server.database.execute(&insert).await;
        let mut alice = server.connect("alice").await;
        alice.heard().await;
        let mut bob = server.connect_in("bob", "a quiet one").await;
        let sent = bob.say("a quiet one", "psst").await;
        assert_eq!(alice.hear("message:new").await["id"], sent["id"], "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_nobody_hears_a_room_before_joining_it() {
    let server = TestServer::start(Backend::Sqlite).await;
    server.make_room("team", RoomType::Private, &["alice", "bob"]).await;
    let mut alice = server.connect("alice").await;
    let mut bob = server.connect_in("bob", "team").await;
    bob.say("team", "hello").await;
    assert_eq!(alice.heard().await, []);
}
