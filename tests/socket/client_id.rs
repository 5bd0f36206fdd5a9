//! The same client id is one message, however often, from wherever and whenever it is sent again.

use chatoxide::chat::room::RoomType;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, on_both};

fn ask(client_id: &str, content: &str) -> Value {
    json!({"roomId": "general", "content": content, "clientId": client_id})
}

/// The contents of the room's messages, oldest first.
async fn contents(client: &mut Client) -> Vec<String> {
    let ask = json!({"roomId": "general", "before": "2999-01-01", "limit": 500});
    let page = client.ask("messages:load", ask).await;
    let content = |message: &Value| message["content"].as_str().unwrap().to_owned();
    page["messages"].as_array().unwrap().iter().rev().map(content).collect()
}

/// Sends each of these many times without waiting, and returns the ids of the messages that were answered.
async fn insist(mut client: Client) -> (Client, Vec<Value>) {
    let mut asked = Vec::new();
    for n in 0..100 {
        let id = format!("c-{}", n % 10);
        asked.push(client.begin("message:send", ask(&id, &format!("content {id}"))).await);
    }
    let mut ids = Vec::new();
    for id in asked {
        let answer = client.answer(id).await;
        assert_eq!(answer["success"], true, "{answer}");
        ids.push(answer["message"]["id"].clone());
    }
    (client, ids)
}

on_both! {
    async fn five_tabs_that_send_the_same_at_once_make_one_message(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let tabs = join_all((0..5).map(|_| server.connect("bob"))).await;

        let answered = join_all(tabs.into_iter().map(insist)).await;

        let ids: Vec<_> = answered.into_iter().map(|(_, ids)| ids).collect();
        for other in &ids {
            assert_eq!(other, &ids[0], "the same answer for the same client id");
            assert_eq!(other[..10], other[90..]);
        }
        let heard = alice.heard().await;
        let mut told: Vec<_> = heard.iter().map(|(event, message)| (event.as_str(), &message["content"])).collect();
        told.sort_by_key(|(_, content)| content.as_str());
        let expected: Vec<Value> = (0..10).map(|n| json!(format!("content c-{n}"))).collect();
        assert_eq!(told, expected.iter().map(|content| ("message:new", content)).collect::<Vec<_>>());
    }
}

on_both! {
    async fn after_a_restart_it_is_still_the_same_message(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let first = alice.ask("message:send", ask("c-1", "once")).await;
        bob.ask("message:send", ask("c-1", "bob's own")).await;
        alice.ask("message:send", ask("c-2", "taken back")).await;
        alice.say("general", "later").await;
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        bob.heard().await;

        // The room's first append is one that changes nothing.
        let again = alice.ask("message:send", ask("c-1", "once")).await;

        assert_eq!((&again["success"], &again["message"]), (&json!(true), &first["message"]));
        let other = alice.ask("message:send", ask("c-1", "something else")).await;
        assert_eq!((&other["success"], &other["code"]), (&json!(false), &json!("conflict")));
        assert_eq!(alice.say("general", "goes on").await["seq"], 5);
        let heard = bob.heard().await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(contents(&mut bob).await, ["once", "bob's own", "taken back", "later", "goes on"]);
    }
}

on_both! {
    async fn in_another_room_it_is_another_message_and_refused(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        server.make_room("random", RoomType::Public, &["alice"]).await;
        alice.ask("message:send", ask("c-1", "once")).await;
        let elsewhere = json!({"roomId": "random", "content": "once", "clientId": "c-1"});
        assert_eq!(alice.ask("message:send", elsewhere).await["code"], "conflict");
    }
}
