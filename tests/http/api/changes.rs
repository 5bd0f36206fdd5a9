//! A request's changes are heard on the sockets as if a socket had made them.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::Program;
use crate::support::on_both;

on_both! {
    async fn a_requests_changes_are_heard_as_if_a_socket_had_made_them(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let program = Program::of(&server, "alice");
        for client in [&mut alice, &mut bob] {
            client.heard().await;
        }
        let body = json!({"content": "by a request", "metadata": {"a": 1}});
        let sent = program.done("POST", "/rooms/general/messages", &body, 201).await["message"].take();
        let id = sent["id"].as_str().unwrap().to_owned();
        // A socket's message has the same shape.
        let mut by_socket = bob.say("general", "by a socket").await;
        let keys = |message: &Value| message.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&sent), keys(&by_socket));
        for client in [&mut alice, &mut bob] {
            assert_eq!(client.hear("message:new").await, sent);
            assert_eq!(client.hear("message:new").await, by_socket);
        }

        let path = format!("/messages/{id}");
        let edited = program.done("PATCH", &path, &json!({"content": "edited"}), 200).await;
        let theirs = by_socket["id"].take();
        let reaction = format!("/messages/{}/reactions/%F0%9F%91%8D", theirs.as_str().unwrap());
        for method in ["PUT", "PUT", "DELETE", "DELETE"] {
            program.done(method, &reaction, &Value::Null, 204).await;
        }
        program.done("PUT", "/rooms/general/read", &Value::Null, 204).await;
        program.done("DELETE", &path, &Value::Null, 204).await;
        for client in [&mut alice, &mut bob] {
            assert_eq!(client.hear("message:updated").await, edited["message"]);
            let added = client.hear("reaction:added").await;
            assert_eq!((&added["emoji"], &added["userId"], &added["messageId"]), (&json!("👍"), &json!("alice"), &theirs));
            assert_eq!(client.hear("reaction:removed").await["emoji"], "👍");
            assert_eq!(client.hear("room:user-read").await["userId"], "alice");
            assert_eq!(client.hear("message:deleted").await["messageId"], id);
        }
        let gone = program.refusal("GET", &path, &Value::Null).await;
        assert_eq!(gone, (404, "message_not_found".to_owned()));
    }
}

on_both! {
    async fn rooms_and_members_are_made_and_heard_of(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        for client in [&mut alice, &mut bob] {
            client.ask("rooms:list", json!({})).await;
        }
        let program = Program::of(&server, "alice");
        assert_eq!(program.done("GET", "/me", &Value::Null, 200).await["id"], "alice");
        let users = program.done("GET", "/users?query=BO", &Value::Null, 200).await;
        assert_eq!(users["users"][0]["id"], "bob");
        let body = json!({"name": " Plans ", "type": "private", "members": ["bob"]});
        let answer = program.send("POST", "/rooms", &body).await;
        let room = answer.json();
        let id = room["id"].as_str().unwrap().to_owned();
        assert_eq!((answer.status, &room["name"], &room["type"]), (201, &json!("Plans"), &json!("private")));
        assert_eq!(answer.header("location"), Some(&*format!("/api/v1/rooms/{id}")));
        // Every socket of each member, the caller's too, as the caller has none.
        for client in [&mut alice, &mut bob] {
            assert_eq!(client.hear("room:invited").await["room"], room);
        }
        let shown = program.done("GET", &format!("/rooms/{id}"), &Value::Null, 200).await;
        assert_eq!((&shown["name"], &shown["createdAt"]), (&room["name"], &room["createdAt"]));
        let rooms = program.done("GET", "/rooms", &Value::Null, 200).await;
        assert_eq!((&rooms["rooms"][0]["id"], &rooms["rooms"][0]["isMember"]), (&json!(id), &json!(true)));

        let _carol = server.connect("carol").await.ask("rooms:list", json!({})).await;
        program.done("PUT", &format!("/rooms/{id}/members/carol"), &Value::Null, 204).await;
        let page = program.done("GET", &format!("/rooms/{id}/members?limit=2"), &Value::Null, 200).await;
        assert_eq!((&page["members"][1]["id"], &page["after"]), (&json!("bob"), &json!("bob")));
        let rest = program.done("GET", &format!("/rooms/{id}/members?after=bob"), &Value::Null, 200).await;
        assert_eq!((&rest["members"][0]["id"], &rest["after"]), (&json!("carol"), &Value::Null));
        Program::of(&server, "bob").done("DELETE", &format!("/rooms/{id}/members/bob"), &Value::Null, 204).await;
        assert_eq!(bob.hear("member:left").await["roomId"], json!(id));
        let left = Program::of(&server, "bob").refusal("GET", &format!("/rooms/{id}"), &Value::Null).await;
        assert_eq!(left, (403, "forbidden".to_owned()));
    }
}

on_both! {
    async fn a_message_under_an_idempotency_key_is_one_message(server: TestServer) {
        server.make_room("general", RoomType::Public, &[]).await;
        let program = Program::of(&server, "alice");
        let send = async |key: &str, content: &str| {
            let body = json!({"content": content}).to_string();
            program.send_with(("POST", "/rooms/general/messages"), &[("Idempotency-Key", key)], &body).await
        };
        let first = send("key-1", "once").await;
        let again = send("key-1", "once").await;
        assert_eq!((first.status, again.status), (201, 201), "{}{}", first.body, again.body);
        assert_eq!(first.json()["message"], again.json()["message"]);
        assert_eq!(first.header("location"), again.header("location"));
        let other = send("key-1", "something else").await;
        assert_eq!((other.status, &other.json()["code"]), (409, &json!("conflict")));
        // The same key by a socket is the same message, too.
        let mut alice = server.connect_in("alice", "general").await;
        let by_socket = json!({"roomId": "general", "content": "once", "clientId": "key-1"});
        assert_eq!(alice.ask("message:send", by_socket).await["message"]["id"], first.json()["message"]["id"]);
        for key in ["", &"k".repeat(65)] {
            assert_eq!(send(key, "x").await.status, 400, "{key}");
        }
        let page = program.done("GET", "/rooms/general/messages", &Value::Null, 200).await;
        assert_eq!(page["messages"].as_array().unwrap().len(), 1, "{page}");
    }
}
