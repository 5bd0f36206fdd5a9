//! Presence and status.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::Program;
use crate::support::on_both;

on_both! {
    async fn a_program_sees_members_and_sets_a_status_that_sockets_hear_of(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        server.make_room("square", RoomType::Public, &["alice"]).await;
        let mut alice = server.connect("alice").await;
        alice.ask("presence:watch", json!({"userIds": ["bob"]})).await;
        let (bob, carol) = (Program::of(&server, "bob"), Program::of(&server, "carol"));
        let status = json!({"text": "Compiling", "emoji": "🦀"});
        assert_eq!(bob.done("PUT", "/me/status", &status, 200).await, json!({"status": status}));
        // A request is no device.
        let shown = json!({"userId": "bob", "state": "offline", "status": status});
        assert_eq!(alice.hear("presence:update").await, json!({"users": [shown]}));
        let online = json!({"userId": "alice", "state": "online"});
        assert_eq!(bob.done("GET", "/users/alice/presence", &Value::Null, 200).await, online);
        assert_eq!(bob.done("GET", "/users/bob/presence", &Value::Null, 200).await, shown);
        let listed = bob.done("GET", "/presence?roomId=plans", &Value::Null, 200).await;
        assert_eq!(listed, json!({"users": [online, shown]}));
        assert_eq!(bob.done("PUT", "/me/status", &json!({}), 200).await, json!({"status": null}));

        for (path, status, code) in [
            ("/users/alice/presence", 404, "user_not_found"),
            ("/users/nobody/presence", 404, "user_not_found"),
            ("/presence?roomId=plans", 403, "forbidden"),
            ("/presence?roomId=square", 403, "forbidden"),
            ("/presence?roomId=nowhere", 404, "room_not_found"),
            ("/presence", 400, "bad_input"),
        ] {
            assert_eq!(carol.refusal("GET", path, &Value::Null).await, (status, code.to_owned()), "{path}");
        }
        for body in [json!({"text": 1}), json!({"emoji": "ab"}), json!({"text": "x", "clearAt": "2020-01-01"}), json!([])] {
            assert_eq!(bob.refusal("PUT", "/me/status", &body).await, (400, "bad_input".to_owned()), "{body}");
        }
    }
}
