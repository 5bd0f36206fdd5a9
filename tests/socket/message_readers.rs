//! `message:readers`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, on_both};

async fn readers(client: &mut Client, message: &Value) -> Vec<String> {
    let answer = client.ask("message:readers", json!({"messageId": message})).await;
    let readers = answer["readers"].as_array().unwrap_or_else(|| panic!("{answer}"));
    readers.iter().map(|reader| reader["id"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn the_members_who_have_read_a_message_are_listed_without_its_author(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob", "carol"]).await;
        let (mut alice, mut bob, mut carol) =
            (server.connect("alice").await, server.connect("bob").await, server.connect("carol").await);
        let first = alice.say("plans", "one").await;
        let second = alice.say("plans", "two").await;
        assert_eq!(readers(&mut alice, &first["id"]).await, Vec::<String>::new());
        // Written a moment later, and shown at once.
        bob.emit("room:read", json!({"roomId": "plans", "seq": first["seq"]})).await;
        bob.heard().await;
        carol.ask("room:read", "plans".into()).await;
        alice.ask("room:read", "plans".into()).await;
        assert_eq!(readers(&mut alice, &first["id"]).await, ["bob", "carol"]);
        assert_eq!(readers(&mut bob, &second["id"]).await, ["carol"]);
        let answer = alice.ask("message:readers", json!({"messageId": first["id"]})).await;
        let bob_read = json!({"id": "bob", "name": "bob", "avatar": null, "at": first["createdAt"]});
        assert_eq!((&answer["readers"][0], &answer["after"]), (&bob_read, &Value::Null));

        // Only members: bob leaves.
        bob.ask("member:leave", "plans".into()).await;
        assert_eq!(readers(&mut alice, &first["id"]).await, ["carol"]);
        let refused = bob.ask("message:readers", json!({"messageId": first["id"]})).await;
        assert_eq!(refused["code"], "forbidden");
    }
}

on_both! {
    async fn readers_come_page_by_page(server: TestServer) {
        let names: Vec<String> = (0..25).map(|n| format!("user-{n:02}")).collect();
        let members: Vec<&str> = names.iter().map(String::as_str).chain(["alice"]).collect();
        server.make_room("crowd", RoomType::Private, &members).await;
        let mut alice = server.connect("alice").await;
        let message = alice.say("crowd", "x").await["id"].take();
        let marks: Vec<String> =
            names.iter().map(|name| format!("('crowd', '{name}', 1, '2999-01-01 00:00:00.000')")).collect();
        let insert = format!("INSERT INTO own.read_marker (room_id, user_id, seq, at) VALUES {}", marks.join(", "));
        server.database.execute(&server.database.own(&insert)).await;
        let (mut found, mut after) = (Vec::new(), Value::Null);
        for expected in [10, 10, 5] {
            let ask = json!({"messageId": message, "limit": 10, "after": after});
            let answer = alice.ask("message:readers", ask).await;
            let page = answer["readers"].as_array().unwrap();
            assert_eq!(page.len(), expected);
            found.extend(page.iter().map(|reader| reader["id"].as_str().unwrap().to_owned()));
            after = answer["after"].clone();
        }
        assert_eq!((found, after), (names, Value::Null));
    }
}

on_both! {
    async fn a_message_of_a_room_that_is_not_the_callers_is_refused(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice"]).await;
        server.make_room("open", RoomType::Public, &["alice"]).await;
        let (mut alice, mut carol) = (server.connect("alice").await, server.connect("carol").await);
        let closed = alice.say("plans", "x").await["id"].take();
        let open = alice.say("open", "x").await["id"].take();
        for (message, code) in [(closed, "forbidden"), (json!("none"), "message_not_found")] {
            assert_eq!(carol.ask("message:readers", json!({"messageId": message})).await["code"], code);
        }
        // A public room is open to all; only members are listed.
        carol.ask("room:read", "open".into()).await;
        assert_eq!(readers(&mut carol, &open).await, Vec::<String>::new());
    }
}
