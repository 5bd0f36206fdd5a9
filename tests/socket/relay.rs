//! Events of a team's own, which `RELAY_EVENTS` names.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer};

/// A server that relays these events, with alice and bob in a private room of theirs.
async fn relaying(backend: Backend, patterns: &str) -> (TestServer, Client, Client) {
    let database = TestDatabase::create(backend).await;
    let server = TestServer::start_with(database, &["--relay-events", patterns]).await;
    server.make_room("duo", RoomType::Private, &["alice", "bob"]).await;
    let mut alice = in_the_duo(&server, "alice").await;
    let mut bob = in_the_duo(&server, "bob").await;
    bob.heard().await;
    alice.heard().await;
    (server, alice, bob)
}

async fn connected(server: &TestServer, user: &str) -> Client {
    let mut client = server.connect(user).await;
    client.foreign = Some("call:");
    client
}

async fn in_the_duo(server: &TestServer, user: &str) -> Client {
    let mut client = server.connect_in(user, "duo").await;
    client.foreign = Some("call:");
    client
}

async fn refused(client: &mut Client, event: &str, payload: Value) -> Value {
    let answer = client.ask(event, payload).await;
    assert_eq!(answer["success"], false, "{event}: {answer}");
    answer["code"].clone()
}

/// Makes two tests of a story: one on SQLite, one on PostgreSQL.
macro_rules! on_both_backends {
    (async fn $name:ident($backend:ident) $story:block) => {
        mod $name {
            use super::*;

            async fn story($backend: Backend) $story

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                story(Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                story(Backend::Postgres).await;
            }
        }
    };
}

on_both_backends! {
    async fn an_event_for_a_room_reaches_the_others_in_it_with_its_true_sender(backend) {
        let (server, mut alice, mut bob) = relaying(backend, "call:*").await;
        let mut phone = in_the_duo(&server, "alice").await;
        let mut outside = connected(&server, "bob").await;
        alice.heard().await;
        bob.heard().await;
        let offer = json!({"roomId": "duo", "sdp": {"type": "offer"}, "senderId": "bob", "userId": "alice"});

        assert_eq!(alice.ask("call:offer", offer).await, json!({"success": true}));

        let heard = json!({
            "roomId": "duo", "sdp": {"type": "offer"}, "senderId": "alice", "userId": "alice", "senderName": "Alice",
        });
        assert_eq!(bob.hear("call:offer").await, heard);
        assert_eq!(phone.hear("call:offer").await, heard);
        assert_eq!(alice.heard().await, []);
        // This socket of bob's is not in the room.
        assert_eq!(outside.heard().await, []);
    }
}

on_both_backends! {
    async fn an_event_for_a_user_reaches_all_their_devices_if_they_share_a_room(backend) {
        let (server, mut alice, mut bob) = relaying(backend, "call:ring").await;
        server.make_room("else", RoomType::Private, &["carol"]).await;
        let (mut phone, mut carol) = (connected(&server, "bob").await, connected(&server, "carol").await);
        let mut tablet = connected(&server, "alice").await;

        assert_eq!(alice.ask("call:ring", json!({"userId": "bob"})).await, json!({"success": true}));
        assert_eq!(alice.ask("call:ring", json!({"userId": "alice"})).await, json!({"success": true}));
        for user in ["carol", "nobody"] {
            assert_eq!(refused(&mut alice, "call:ring", json!({"userId": user})).await, "user_not_found");
        }

        let heard = json!({"userId": "bob", "senderId": "alice", "senderName": "Alice"});
        assert_eq!(bob.hear("call:ring").await, heard);
        assert_eq!(phone.hear("call:ring").await, heard);
        assert_eq!(tablet.hear("call:ring").await["senderId"], "alice");
        assert_eq!(carol.heard().await, []);
        assert_eq!(alice.heard().await, []);
    }
}

on_both_backends! {
    async fn who_may_not_enter_a_room_relays_nothing_into_it(backend) {
        let (server, _alice, mut bob) = relaying(backend, "*").await;
        let mut mallory = connected(&server, "mallory").await;

        assert_eq!(refused(&mut mallory, "call:offer", json!({"roomId": "duo"})).await, "forbidden");
        assert_eq!(mallory.hear("room:error").await["event"], "call:offer");
        assert_eq!(refused(&mut mallory, "call:offer", json!({"roomId": "nowhere"})).await, "room_not_found");
        assert_eq!(bob.heard().await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_the_servers_own_and_events_that_no_pattern_names_are_not_relayed() {
    let (_server, mut alice, mut bob) = relaying(Backend::Sqlite, "message:*,user:status,room:*,__*,*").await;
    let long = format!("message:{}", "x".repeat(121));
    for name in ["message:new", "room:history", "*", "__disconnect_final", "server:pulse", &long] {
        assert_eq!(refused(&mut alice, name, json!({"roomId": "duo"})).await, "bad_input", "{name}");
    }
    for name in chatoxide::protocol::event::ALL {
        assert_eq!(refused(&mut alice, name, json!({"roomId": "duo"})).await, "bad_input", "{name}");
    }
    assert_eq!(bob.heard().await, []);
    // An event that the server knows is handled, whatever the patterns say.
    let said = alice.ask("message:send", json!({"roomId": "duo", "content": "hello"})).await;
    assert_eq!(said["success"], true);
    assert_eq!(bob.hear("message:new").await["content"], "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_payload_is_refused_and_binary_data_becomes_text() {
    let (_server, mut alice, mut bob) = relaying(Backend::Sqlite, "call:*").await;
    let large = json!({"roomId": "duo", "data": "x".repeat(65_536)});
    for bad in [
        json!("duo"),
        json!(7),
        json!(null),
        json!(["duo"]),
        json!({}),
        json!({"roomId": 7}),
        json!({"roomId": 7, "userId": "bob"}),
        json!({"roomId": ["duo"], "userId": "bob"}),
        json!({"roomId": ""}),
        json!({"userId": "a\u{0}"}),
        large,
    ] {
        let shown: String = bad.to_string().chars().take(40).collect();
        assert_eq!(refused(&mut alice, "call:offer", bad).await, "bad_input", "{shown}");
    }
    assert_eq!(bob.heard().await, []);

    let payload = r#"{"roomId":"duo","key":{"_placeholder":true,"num":0}}"#;
    assert_eq!(alice.ask_binary("call:key", payload, &[b"\x01\x02"]).await["success"], true);
    assert_eq!(bob.hear("call:key").await["key"], "AQI=");
}

#[tokio::test(flavor = "multi_thread")]
async fn relayed_events_keep_their_order_among_messages() {
    let (_server, mut alice, mut bob) = relaying(Backend::Sqlite, "call:*").await;
    let mut expected = Vec::new();
    for number in 0..60 {
        let (event, heard) = match number % 2 {
            0 => ("call:candidate", "call:candidate"),
            _ => ("message:send", "message:new"),
        };
        alice.emit(event, json!({"roomId": "duo", "content": number.to_string(), "number": number})).await;
        expected.push(heard);
    }
    let mut names = Vec::new();
    for _ in 0..60 {
        names.push(bob.next().await.0);
    }
    assert_eq!(names, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_nothing_is_relayed() {
    let (_server, mut alice, _bob) = relaying(Backend::Sqlite, "").await;
    assert_eq!(refused(&mut alice, "call:offer", json!({"roomId": "duo"})).await, "bad_input");
}
