//! Read marks, unread counts and readers.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::Program;
use crate::support::on_both;

on_both! {
    async fn a_program_reads_up_to_an_entry_marks_as_unread_and_lists_readers(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "plans").await;
        let mut messages = Vec::new();
        for n in 0..3 {
            messages.push(alice.say("plans", &n.to_string()).await);
        }
        alice.heard().await;
        let bob = Program::of(&server, "bob");
        let count = async || bob.done("GET", "/unread", &Value::Null, 200).await["rooms"][0].take();
        assert_eq!(count().await, json!({"roomId": "plans", "unreadCount": 3, "mentionCount": 0, "seq": 3}));
        bob.done("PUT", "/rooms/plans/read", &json!({"seq": 2}), 204).await;
        assert_eq!(alice.hear("room:user-read").await["seq"], 2);
        assert_eq!(count().await["unreadCount"], 1);
        let readers = async |n: usize| {
            let path = format!("/messages/{}/readers", messages[n]["id"].as_str().unwrap());
            bob.done("GET", &path, &Value::Null, 200).await
        };
        let read = json!({"id": "bob", "name": "bob", "avatar": null, "at": messages[1]["createdAt"]});
        assert_eq!(readers(1).await, json!({"readers": [read], "after": null}));
        assert_eq!(readers(2).await["readers"], json!([]));
        bob.done("PUT", "/rooms/plans/read", &Value::Null, 204).await;
        assert_eq!((count().await["unreadCount"].clone(), readers(2).await["readers"][0]["id"].clone()), (json!(0), json!("bob")));
        bob.done("PUT", "/rooms/plans/unread", &json!({"messageId": messages[1]["id"]}), 204).await;
        assert_eq!(count().await["unreadCount"], 2);
        bob.done("PUT", "/rooms/plans/read", &json!({}), 204).await;
        assert_eq!(count().await["unreadCount"], 0);
        for (path, body) in [
            ("/rooms/plans/read", json!({"seq": -1})),
            ("/rooms/plans/read", json!({"seq": "x"})),
            ("/rooms/plans/read", json!([1])),
            ("/rooms/plans/unread", json!({})),
            ("/rooms/plans/unread", Value::Null),
        ] {
            assert_eq!(bob.refusal("PUT", path, &body).await, (400, "bad_input".to_owned()), "{path} {body}");
        }
    }
}

on_both! {
    async fn settings_are_the_callers_own(server: TestServer) {
        let (alice, bob) = (Program::of(&server, "alice"), Program::of(&server, "bob"));
        let chosen = json!({"privateReads": true, "hidePresence": false});
        assert_eq!(alice.done("PATCH", "/me/settings", &json!({"privateReads": true}), 200).await, chosen);
        assert_eq!(alice.done("PATCH", "/me/settings", &json!({}), 200).await, chosen);
        assert_eq!(alice.done("GET", "/me/settings", &Value::Null, 200).await, chosen);
        assert_eq!(bob.done("GET", "/me/settings", &Value::Null, 200).await, json!({"privateReads": false, "hidePresence": false}));
        let bad = json!({"privateReads": 1});
        assert_eq!(alice.refusal("PATCH", "/me/settings", &bad).await, (400, "bad_input".to_owned()));
    }
}
