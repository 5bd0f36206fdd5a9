//! Excerpts: clients that take them beside clients that do not.

use chatoxide::{
    chat::room::RoomType,
    protocol::{EXCERPT_BYTES, LONG_BYTES},
};
use serde_json::{Value, json};

use crate::support::{Client, TestServer, on_both};

async fn connect(server: &TestServer, user: &str, auth: &Value) -> Client {
    let mut all = json!({"token": server.token(user)});
    all.as_object_mut().unwrap().extend(auth.as_object().unwrap().clone());
    Client::connect_with(server.address(), &all.to_string()).await.unwrap()
}

/// A client that takes excerpts, in `general`.
async fn excerpting(server: &TestServer, user: &str) -> Client {
    let mut client = connect(server, user, &json!({"protocol": 1, "excerpts": true})).await;
    assert_eq!(client.ask("room:join", "general".into()).await["success"], true);
    client.heard().await;
    client
}

fn long(letter: &str) -> String {
    letter.repeat(LONG_BYTES / letter.len() + 1)
}

/// The message as it is, and with the beginning of its content.
fn is_excerpt(excerpt: &Value, whole: &Value) {
    let content = excerpt["content"].as_str().unwrap();
    assert!((EXCERPT_BYTES - 3..=EXCERPT_BYTES).contains(&content.len()), "{}", content.len());
    assert!(whole["content"].as_str().unwrap().starts_with(content));
    assert_eq!((&excerpt["truncated"], &whole["truncated"]), (&json!(true), &Value::Null));
    let mut same = whole.clone();
    same["content"] = excerpt["content"].clone();
    same["truncated"] = json!(true);
    assert_eq!(*excerpt, same);
}

on_both! {
    async fn both_kinds_of_clients_side_by_side_get_each_event_once_in_their_own_form(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = excerpting(&server, "carol").await;
        let mut carols_tab = server.connect_in("carol", "general").await;
        for client in [&mut alice, &mut bob, &mut carol, &mut carols_tab] {
            client.heard().await;
        }
        let mut whole = Vec::new();
        for n in 0..20 {
            let content = if n % 3 == 0 { long("語") } else { format!("short {n}") };
            whole.push(alice.say("general", &content).await);
        }
        let edit = json!({"messageId": whole[1]["id"], "content": long("😀")});
        let edited = alice.ask("message:edit", edit).await["message"].clone();
        let names = ["message:new"].repeat(20).into_iter().chain(["message:updated"]);
        let expected: Vec<(String, Value)> =
            names.zip(whole.iter().chain([&edited])).map(|(name, data)| (name.to_owned(), data.clone())).collect();
        assert_eq!(bob.heard().await, expected);
        assert_eq!(carols_tab.heard().await, expected);
        let heard = carol.heard().await;
        assert_eq!(heard.len(), expected.len());
        for ((name, data), (expected, whole)) in heard.iter().zip(&expected) {
            assert_eq!(name, expected);
            if whole["content"].as_str().unwrap().len() > LONG_BYTES {
                is_excerpt(data, whole);
            } else {
                assert_eq!(data, whole);
            }
        }
    }
}

on_both! {
    async fn histories_pages_and_missed_events_have_excerpts_and_single_messages_are_whole(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let whole = alice.say("general", &long("ä")).await;
        let mut without_seq = whole.clone();
        without_seq.as_object_mut().unwrap().remove("seq");
        let mut carol = connect(&server, "carol", &json!({"protocol": 1, "excerpts": true})).await;
        carol.ask("room:join", "general".into()).await;
        is_excerpt(&carol.hear("room:history").await["messages"][0], &without_seq);
        let page = carol.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        is_excerpt(&page["messages"][0], &without_seq);
        let synced = carol.ask("messages:sync", json!({"roomId": "general", "since": 0})).await;
        is_excerpt(&synced["events"][0]["data"], &whole);
        let shown = carol.ask("messages:show", json!({"messageIds": [whole["id"]]})).await;
        assert_eq!(shown["messages"], json!([without_seq]));
        let mut dave = server.connect("dave").await;
        dave.ask("room:join", "general".into()).await;
        assert_eq!(dave.hear("room:history").await["messages"], json!([without_seq]), "each its own");
    }
}

on_both! {
    async fn an_author_is_answered_as_the_others_of_their_kind(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "carol"]).await;
        let mut carol = excerpting(&server, "carol").await;
        let mut alice = server.connect_in("alice", "general").await;
        let send = json!({"roomId": "general", "content": long("x"), "clientId": "c-1"});
        let answer = carol.ask("message:send", send.clone()).await;
        let whole = alice.hear("message:new").await;
        is_excerpt(&answer["message"], &whole);
        let again = carol.ask("message:send", send).await;
        is_excerpt(&again["message"], &whole);
        // Nobody is in the room.
        drop(alice);
        carol.ask("room:leave", "general".into()).await;
        let edit = json!({"messageId": whole["id"], "content": long("y")});
        assert_eq!(carol.ask("message:edit", edit).await["message"]["truncated"], true);
    }
}

on_both! {
    async fn only_a_client_that_knows_the_protocol_takes_excerpts(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let whole = alice.say("general", &long("x")).await;
        for auth in [
            json!({"excerpts": true}),
            json!({"protocol": 0, "excerpts": true}),
            json!({"protocol": 1}),
            json!({"protocol": 1, "excerpts": "true"}),
            json!({"protocol": 1, "excerpts": {"of": "a team's own"}}),
        ] {
            let mut client = connect(&server, "dave", &auth).await;
            client.ask("room:join", "general".into()).await;
            let message = client.hear("room:history").await["messages"][0].clone();
            assert_eq!(message["content"], whole["content"], "{auth}");
        }
    }
}

on_both! {
    async fn a_socket_that_leaves_or_is_removed_hears_no_excerpt_any_more(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob", "carol"]).await;
        server.own_room("general", "alice").await;
        let mut alice = server.connect_in("alice", "general").await;
        let (mut bob, mut carol) = (excerpting(&server, "bob").await, excerpting(&server, "carol").await);
        bob.ask("room:leave", "general".into()).await;
        let remove = json!({"roomId": "general", "userId": "carol"});
        assert_eq!(alice.ask("member:remove", remove).await["success"], true);
        bob.heard().await;
        carol.heard().await;
        alice.say("general", &long("x")).await;
        for mut gone in [bob, carol] {
            let heard = gone.heard_names().await;
            assert!(!heard.iter().any(|name| name == "message:new"), "{heard:?}");
        }
    }
}

on_both! {
    async fn pictures_are_whole(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut carol = excerpting(&server, "carol").await;
        let picture = json!({"roomId": "general", "content": long("x"), "type": "image"});
        let sent = alice.ask("message:send", picture).await;
        assert_eq!(carol.hear("message:new").await, sent["message"]);
    }
}
