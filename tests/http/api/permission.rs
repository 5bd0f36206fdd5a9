//! The rules of access are those of the sockets.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::Program;
use crate::support::{TestServer, http, on_both};

on_both! {
    async fn each_route_refuses_a_stranger_to_the_room_and_changes_nothing(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let id = alice.say("secret", "mine").await["id"].as_str().unwrap().to_owned();
        alice.heard().await;
        let carol = Program::of(&server, "carol");
        let forbidden = (403, "forbidden".to_owned());
        let no_message = (404, "message_not_found".to_owned());
        let content = json!({"content": "x"});
        for (method, path, body, expected) in [
            ("GET", "/rooms/secret".to_owned(), &Value::Null, &forbidden),
            ("PATCH", "/rooms/secret".to_owned(), &json!({"name": "x"}), &forbidden),
            ("GET", "/rooms/secret/messages".to_owned(), &Value::Null, &forbidden),
            ("POST", "/rooms/secret/messages".to_owned(), &content, &forbidden),
            ("PUT", "/rooms/secret/read".to_owned(), &Value::Null, &forbidden),
            ("PUT", "/rooms/secret/read".to_owned(), &json!({"seq": 1}), &forbidden),
            ("PUT", "/rooms/secret/unread".to_owned(), &json!({"messageId": id}), &forbidden),
            ("GET", format!("/messages/{id}/readers"), &Value::Null, &forbidden),
            ("GET", "/rooms/secret/members".to_owned(), &Value::Null, &forbidden),
            ("PUT", "/rooms/secret/members/carol".to_owned(), &Value::Null, &forbidden),
            ("DELETE", "/rooms/secret/members/alice".to_owned(), &Value::Null, &forbidden),
            ("DELETE", "/rooms/secret/members/carol".to_owned(), &Value::Null, &forbidden),
            // Not even that it is there.
            ("GET", format!("/messages/{id}"), &Value::Null, &no_message),
            ("PATCH", format!("/messages/{id}"), &content, &no_message),
            ("DELETE", format!("/messages/{id}"), &Value::Null, &(404, "delete_refused".to_owned())),
            ("GET", format!("/rooms/secret/messages?around={id}"), &Value::Null, &forbidden),
            ("GET", "/rooms/nowhere".to_owned(), &Value::Null, &(404, "room_not_found".to_owned())),
            ("GET", "/rooms/user:alice/messages".to_owned(), &Value::Null, &forbidden),
        ] {
            assert_eq!(carol.refusal(method, &path, body).await, *expected, "{method} {path}");
        }
        for method in ["PUT", "DELETE"] {
            let (status, _) = carol.refusal(method, &format!("/messages/{id}/reactions/x"), &Value::Null).await;
            assert!([403, 404].contains(&status), "{method}: {status}");
        }
        alice.say("secret", "after").await;
        assert_eq!(alice.heard_names().await, ["message:new"]);
        let rooms = carol.done("GET", "/rooms", &Value::Null, 200).await;
        assert_eq!(rooms["rooms"], json!([]));
    }
}

on_both! {
    async fn the_owner_alone_removes_others_and_who_is_removed_is_out(server: TestServer) {
        let (alice, bob, carol) = (Program::of(&server, "alice"), Program::of(&server, "bob"), Program::of(&server, "carol"));
        for program in [&bob, &carol] {
            program.done("GET", "/me", &Value::Null, 200).await;
        }
        let body = json!({"name": "Plans", "type": "private", "members": ["bob", "carol"]});
        let id = alice.done("POST", "/rooms", &body, 201).await["id"].as_str().unwrap().to_owned();
        let room = format!("/rooms/{id}");
        assert_eq!(alice.done("GET", &room, &Value::Null, 200).await["ownerId"], "alice");
        let mut bobs_socket = server.connect_in("bob", &id).await;
        let forbidden = (403, "forbidden".to_owned());
        let (remove_bob, remove_alice) = (format!("{room}/members/bob"), format!("{room}/members/alice"));
        assert_eq!(carol.refusal("DELETE", &remove_bob, &Value::Null).await, forbidden, "a member");
        assert_eq!(Program::of(&server, "dave").refusal("DELETE", &remove_bob, &Value::Null).await, forbidden, "a stranger");
        alice.done("DELETE", &remove_bob, &Value::Null, 204).await;
        assert_eq!(bobs_socket.hear("member:left").await["roomId"], *id);
        assert_eq!(bob.refusal("DELETE", &remove_alice, &Value::Null).await, forbidden, "who was removed");
        assert_eq!(bob.refusal("GET", &room, &Value::Null).await, forbidden);
        // Rooms that other programs made have no owner here.
        server.make_room("theirs", RoomType::Private, &["alice", "bob"]).await;
        assert_eq!(alice.refusal("DELETE", "/rooms/theirs/members/bob", &Value::Null).await, forbidden);
        let answer = alice.send("DELETE", "/rooms/theirs/members/bob", &Value::Null).await;
        assert!(answer.json()["detail"].as_str().unwrap().contains("no recorded owner"), "{}", answer.body);
    }
}

on_both! {
    async fn a_member_cannot_change_the_message_of_another(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let id = alice.say("general", "mine").await["id"].as_str().unwrap().to_owned();
        let bob = Program::of(&server, "bob");
        let edited = bob.refusal("PATCH", &format!("/messages/{id}"), &json!({"content": "x"})).await;
        assert_eq!(edited, (404, "message_not_found".to_owned()));
        let deleted = bob.refusal("DELETE", &format!("/messages/{id}"), &Value::Null).await;
        assert_eq!(deleted, (404, "delete_refused".to_owned()));
        let shown = bob.done("GET", &format!("/messages/{id}"), &Value::Null, 200).await;
        assert_eq!((&shown["content"], &shown["updatedAt"]), (&json!("mine"), &Value::Null));
    }
}

on_both! {
    async fn a_request_without_a_good_token_is_answered_401(server: TestServer) {
        server.make_room("general", RoomType::Public, &[]).await;
        let expired = TestServer::sign(&json!({"sub": "alice", "exp": 1}));
        for authorization in [None, Some("Bearer x".to_owned()), Some("Basic eDp5".to_owned()), Some(format!("Bearer {expired}"))] {
            let headers: Vec<_> = authorization.iter().map(|value| ("Authorization", value.as_str())).collect();
            for (method, path) in [("GET", "/me"), ("GET", "/rooms/general/messages"), ("POST", "/rooms")] {
                let answer =
                    http::request(server.address(), method, &format!("/api/v1{path}"), &headers, "{}").await;
                assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("signed_out")), "{path}");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
                // Why is for the log.
                assert_eq!(answer.json()["detail"], "Authentication failed");
            }
        }
        let lower = format!("bearer {}", server.token("alice"));
        let answer = http::request(server.address(), "GET", "/api/v1/me", &[("authorization", &lower)], "").await;
        assert_eq!(answer.status, 200);
    }
}
