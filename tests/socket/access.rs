//! Nobody hears or touches a room that is not theirs.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, on_both};

/// Asks, and expects a refusal on the ack and as `room:error`, and nothing else.
async fn is_refused(client: &mut Client, event: &str, ask: Value, code: &str) {
    let ack = client.ask(event, ask).await;
    assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!(code)), "{event}: {ack}");
    let heard = client.heard().await;
    assert_eq!(heard.len(), 1, "{event}: {heard:?}");
    let (name, error) = &heard[0];
    assert_eq!((name.as_str(), &error["event"], &error["code"]), ("room:error", &json!(event), &json!(code)));
}

on_both! {
    async fn a_stranger_can_do_nothing_in_a_private_room(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let sent = alice.ask("message:send", json!({"roomId": "secret", "content": "ours"})).await;
        let id = &sent["message"]["id"];
        alice.heard().await;

        let mut mallory = server.connect("mallory").await;
        for event in ["room:join", "room:read", "typing:start", "typing:stop"] {
            is_refused(&mut mallory, event, "secret".into(), "forbidden").await;
        }
        is_refused(&mut mallory, "message:send", json!({"roomId": "secret", "content": "x"}), "forbidden").await;
        is_refused(&mut mallory, "messages:load", json!({"roomId": "secret", "before": 1}), "forbidden").await;
        for event in ["reaction:add", "reaction:remove"] {
            is_refused(&mut mallory, event, json!({"messageId": id, "emoji": "x"}), "forbidden").await;
        }

        assert_eq!(alice.heard_names().await, Vec::<String>::new());
        let stored = server.database.select(r#"SELECT count(*) FROM "Message""#).await;
        assert_eq!(stored, ["1"]);
    }
}

on_both! {
    async fn a_personal_channel_and_a_room_that_is_not_there_cannot_be_joined(server: TestServer) {
        let mut mallory = server.connect("mallory").await;
        is_refused(&mut mallory, "room:join", "user:alice".into(), "forbidden").await;
        is_refused(&mut mallory, "room:join", "user:mallory".into(), "forbidden").await;
        is_refused(&mut mallory, "room:join", "nowhere".into(), "room_not_found").await;

        // What would be another user's channel stays silent for her.
        let mut alice = server.connect("alice").await;
        server.connect("bob").await.ask("dm:start", "alice".into()).await;
        alice.hear("dm:started").await;
        assert_eq!(mallory.heard_names().await, Vec::<String>::new());
    }
}

on_both! {
    async fn bad_input_without_a_callback_is_told_to_the_caller_alone(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        alice.heard().await;
        bob.heard().await;
        for (event, argument) in [
            ("room:join", json!({"contains": ""})),
            ("room:join", json!(null)),
            ("message:send", json!({"roomId": "general"})),
            ("message:send", json!({"roomId": "general", "content": "x", "type": "poem"})),
            ("message:delete", json!({"messageId": {"contains": ""}, "roomId": "general"})),
            ("message:edit", json!({"messageId": {"not": ""}, "content": "x"})),
            ("reaction:add", json!({"messageId": "m", "emoji": "x".repeat(65)})),
            ("dm:start", json!("x".repeat(513))),
            ("typing:start", json!(["general"])),
        ] {
            bob.emit(event, argument.clone()).await;
            let error = bob.hear("room:error").await;
            assert_eq!((&error["event"], &error["code"]), (&json!(event), &json!("bad_input")), "{argument}");
            assert_eq!(bob.ask(event, argument).await["code"], "bad_input");
        }
        assert_eq!(alice.heard_names().await, Vec::<String>::new());
    }
}
