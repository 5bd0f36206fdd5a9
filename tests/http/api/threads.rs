//! Threads by REST: sending in one, reading it, following it, and the list of those that are followed.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::Program;
use crate::support::on_both;

on_both! {
    async fn a_program_answers_reads_and_follows_as_a_socket_does(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let (of_alice, of_bob) = (Program::of(&server, "alice"), Program::of(&server, "bob"));
        let root = alice.say("general", "root").await["id"].as_str().unwrap().to_owned();
        for content in ["one", "two", "three"] {
            let body = json!({"content": content, "threadId": root});
            let sent = of_bob.done("POST", "/rooms/general/messages", &body, 201).await;
            assert_eq!(sent["message"]["thread"], json!({"rootId": root, "alsoToRoom": false}));
        }
        bob.heard().await;
        let path = format!("/messages/{root}/thread");
        let page = of_alice.done("GET", &format!("{path}?limit=2"), &Value::Null, 200).await;
        let mut asked = alice.ask("thread:load", json!({"rootId": root, "limit": 2})).await;
        asked.as_object_mut().unwrap().remove("success");
        assert_eq!(page, asked);
        let before = page["before"].as_str().unwrap();
        let rest = of_alice.done("GET", &format!("{path}?limit=2&before={before}"), &Value::Null, 200).await;
        assert_eq!((&rest["messages"][0]["content"], &rest["before"]), (&json!("one"), &Value::Null));

        let listed = of_alice.done("GET", "/threads?unreadOnly=true", &Value::Null, 200).await;
        assert_eq!((&listed["threads"][0]["root"]["id"], &listed["threads"][0]["unreadCount"]), (&json!(root), &json!(3)));
        let body = json!({"messageId": page["messages"][0]["id"]});
        let read = of_alice.done("PUT", &format!("{path}/read"), &body, 200).await;
        assert_eq!(read, json!({"unreadCount": 0}));
        let listed = of_alice.done("GET", "/threads?unreadOnly=true&roomId=general", &Value::Null, 200).await;
        assert_eq!(listed, json!({"threads": [], "after": null}));
        of_alice.done("DELETE", &format!("{path}/follow"), &Value::Null, 200).await;
        assert_eq!(of_alice.done("GET", "/threads", &Value::Null, 200).await["threads"], json!([]));
        of_alice.done("PUT", &format!("{path}/follow"), &Value::Null, 200).await;
        assert_eq!(of_alice.done("GET", "/threads", &Value::Null, 200).await["threads"].as_array().unwrap().len(), 1);
        for query in ["before=x", "after=", "limit=x", "before=MS4x&after=MS4x"] {
            assert_eq!(of_bob.refusal("GET", &format!("{path}?{query}"), &Value::Null).await, (400, "bad_input".to_owned()));
        }
    }
}

on_both! {
    async fn strangers_and_removed_members_find_no_thread(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob"]).await;
        server.own_room("secret", "alice").await;
        let mut alice = server.connect("alice").await;
        let root = alice.say("secret", "root").await["id"].as_str().unwrap().to_owned();
        let of_alice = Program::of(&server, "alice");
        let body = json!({"content": "one", "threadId": root});
        let reply = Program::of(&server, "bob").done("POST", "/rooms/secret/messages", &body, 201).await;
        let _carol = server.connect("carol").await;
        of_alice.done("DELETE", "/rooms/secret/members/bob", &Value::Null, 204).await;
        let not_found = (404, "message_not_found".to_owned());
        for user in ["bob", "carol"] {
            let of_user = Program::of(&server, user);
            for id in [root.as_str(), reply["message"]["id"].as_str().unwrap(), "none"] {
                let path = format!("/messages/{id}/thread");
                assert_eq!(of_user.refusal("GET", &path, &Value::Null).await, not_found, "{user}");
                for method in ["PUT", "DELETE"] {
                    assert_eq!(of_user.refusal(method, &format!("{path}/follow"), &Value::Null).await, not_found);
                }
                let body = json!({"messageId": id});
                assert_eq!(of_user.refusal("PUT", &format!("{path}/read"), &body).await, not_found);
            }
            assert_eq!(of_user.done("GET", "/threads", &Value::Null, 200).await["threads"], json!([]));
            let refusal = of_user.refusal("POST", "/rooms/secret/messages", &body).await;
            assert_eq!(refusal, (403, "forbidden".to_owned()));
        }
        // A thread of another room.
        server.make_room("other", RoomType::Private, &["alice"]).await;
        assert_eq!(of_alice.refusal("POST", "/rooms/other/messages", &body).await, not_found);
    }
}
