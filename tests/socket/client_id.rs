//! A client id names one message, however often, from wherever and whenever it is sent again.

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
    async fn a_client_id_is_still_the_same_message_after_a_restart(server: TestServer) {
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
        let mut knowing = Client::connect_knowing(server.address(), &server.token("alice")).await;
        let other = knowing.ask("message:send", ask("c-1", "something else")).await;
        assert_eq!((&other["success"], &other["code"]), (&json!(false), &json!("conflict")));
        assert_eq!(alice.say("general", "goes on").await["seq"], 5);
        let heard = bob.heard().await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(contents(&mut bob).await, ["once", "bob's own", "taken back", "later", "goes on"]);
    }
}

on_both! {
    async fn a_client_id_in_another_room_is_another_message_or_refused_under_protocol_1(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        server.make_room("random", RoomType::Public, &["alice"]).await;
        alice.ask("message:send", ask("c-1", "once")).await;
        let elsewhere = json!({"roomId": "random", "content": "once", "clientId": "c-1"});
        let mut knowing = Client::connect_knowing(server.address(), &server.token("alice")).await;
        assert_eq!(knowing.ask("message:send", elsewhere.clone()).await["code"], "conflict");
        assert_eq!(alice.ask("message:send", elsewhere).await["message"]["roomId"], "random");
    }
}

on_both! {
    async fn a_reused_client_id_with_any_other_field_is_another_message(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let replied = alice.say("general", "a question").await["id"].take();
        let other = alice.say("general", "another question").await["id"].take();
        let first = json!({
            "roomId": "general", "content": "yes", "type": "text", "metadata": {"n": 1}, "replyTo": replied,
            "clientId": "c-1",
        });
        let mut knowing = Client::connect_knowing(server.address(), &server.token("alice")).await;
        let sent = knowing.ask("message:send", first.clone()).await;
        assert_eq!(sent["message"]["replyTo"], replied, "{sent}");
        for (key, value) in [
            ("content", json!("no")), ("type", json!("file")), ("metadata", json!({"n": 2})), ("metadata", json!(null)),
            ("replyTo", other), ("replyTo", json!(null)),
        ] {
            let mut differs = first.clone();
            differs[key] = value;
            let ack = knowing.ask("message:send", differs).await;
            assert_eq!(ack["code"], "conflict", "{key}: {ack}");
        }
        assert_eq!(knowing.ask("message:send", first).await["message"]["id"], sent["message"]["id"]);
    }
}

on_both! {
    async fn a_client_that_uses_one_client_id_for_its_tab_loses_no_message(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        // One by one, and then without waiting, so that some share a commit.
        for n in 0..5 {
            let ack = alice.ask("message:send", ask("tab-1", &format!("message {n}"))).await;
            assert_eq!((&ack["success"], &ack["message"]["content"]), (&json!(true), &json!(format!("message {n}"))));
        }
        for n in 5..40 {
            alice.emit("message:send", ask("tab-1", &format!("message {n}"))).await;
        }
        alice.heard().await;
        let said: Vec<String> = (0..40).map(|n| format!("message {n}")).collect();
        let heard: Vec<_> = bob.heard().await.into_iter().map(|(_, message)| message["content"].as_str().unwrap().to_owned()).collect();
        assert_eq!(heard, said);
        assert_eq!(contents(&mut bob).await, said);

        // A message equal to the first one under its client id is the first one; a different message does not get the
        // id.
        let again = alice.ask("message:send", ask("tab-1", "message 0")).await;
        assert_eq!(again["message"]["seq"], 1);
        let more = alice.ask("message:send", ask("tab-1", "message 1")).await;
        assert_eq!(more["message"]["seq"], 41);

        // And after a restart.
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut alice = server.connect("alice").await;
        for (content, seq) in [("message 0", 1), ("message 2", 42), ("message 3", 43)] {
            let ack = alice.ask("message:send", ask("tab-1", content)).await;
            assert_eq!(ack["message"]["seq"], seq, "{ack}");
        }
    }
}

on_both! {
    async fn an_invalid_client_id_is_ignored_or_refused_under_protocol_1(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut knowing = Client::connect_knowing(server.address(), &server.token("alice")).await;
        let long = "x".repeat(65);
        let none = [json!(7), json!(""), json!(long), json!({"tab": 1}), json!(["c"]), json!(true), json!("a\u{0}b")];
        for client_id in none {
            for seq in 0..2 {
                let mut ask = ask("", "the same");
                ask["clientId"] = client_id.clone();
                let ack = alice.ask("message:send", ask.clone()).await;
                assert_eq!(ack["success"], true, "{client_id} {seq}: {ack}");
                assert_eq!(knowing.ask("message:send", ask).await["code"], "bad_input", "{client_id}");
            }
        }
        assert_eq!(contents(&mut alice).await.len(), 14);
        for auth in [json!("1"), json!(0), json!(-1), json!(1.5), json!(null), json!({})] {
            let auth = json!({ "token": server.token("alice"), "protocol": auth }).to_string();
            let mut other = Client::connect_with(server.address(), &auth).await.unwrap();
            assert_eq!(other.ask("message:send", ask("", "x")).await["success"], true, "{auth}");
        }
    }
}
