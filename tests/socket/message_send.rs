//! `message:send`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::on_both;

on_both! {
    async fn everybody_in_the_room_hears_a_message_and_its_sender_before_the_ack(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        alice.heard().await;

        let ask = json!({"roomId": "general", "content": "hello", "metadata": {"n": [1.5]}, "replyTo": "x"});
        let ack = alice.ask("message:send", ask).await;

        assert_eq!(ack["success"], true);
        let message = &ack["message"];
        assert_eq!(message["content"], "hello");
        assert_eq!(message["metadata"], json!({"n": [1.5]}));
        assert_eq!(message["replyTo"], "x");
        assert_eq!(message["updatedAt"], json!(null));
        assert_eq!(message["senderName"], "alice");
        assert_eq!(message["reactions"], json!([]));
        assert_eq!(message["seq"], 1);
        assert_eq!(alice.heard().await, [("message:new".to_owned(), message.clone())]);
        assert_eq!(bob.hear("message:new").await, *message);
    }
}

on_both! {
    async fn the_same_client_id_is_one_message(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let ask = json!({"roomId": "general", "content": "once", "clientId": "c-1"});

        let first = alice.begin("message:send", ask.clone()).await;
        let second = alice.begin("message:send", ask.clone()).await;
        let (first, second) = (alice.answer(first).await, alice.answer(second).await);
        assert_eq!(first["message"]["id"], second["message"]["id"]);

        let edit = json!({"messageId": first["message"]["id"], "content": "twice"});
        assert_eq!(alice.ask("message:edit", edit).await["success"], true);
        let again = alice.ask("message:send", ask).await;
        assert_eq!(again["message"]["id"], first["message"]["id"]);

        let other = json!({"roomId": "general", "content": "another", "clientId": "c-1"});
        let refused = alice.ask("message:send", other.clone()).await;
        assert_eq!((&refused["success"], &refused["code"]), (&json!(false), &json!("conflict")));

        // Another sender's client ids are their own.
        let mut bob = server.connect_in("bob", "general").await;
        assert_eq!(bob.ask("message:send", other).await["success"], true);
        let told = alice.heard_names().await.into_iter().filter(|name| name == "message:new").count();
        assert_eq!(told, 2);
    }
}

on_both! {
    async fn what_cannot_be_stored_is_refused_alone(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let asks = [
            (json!({"roomId": "general", "content": "good 1"}), true),
            (json!({"roomId": "general", "content": "nul \u{0}"}), false),
            (json!({"roomId": "nowhere", "content": "lost"}), false),
            (json!({"roomId": "general", "content": 7}), false),
            (json!({"roomId": "general", "content": "system", "type": "system"}), false),
            (json!({"roomId": "general", "content": "good 2", "metadata": 1e308}), true),
        ];
        let mut ids = Vec::new();
        for (ask, _) in &asks {
            ids.push(alice.begin("message:send", ask.clone()).await);
        }
        for (id, (ask, expected)) in ids.into_iter().zip(&asks) {
            let ack = alice.answer(id).await;
            assert_eq!(ack["success"], *expected, "{ask} => {ack}");
        }
        let stored = server.database.select(r#"SELECT "content" FROM "Message" ORDER BY "id""#).await;
        assert_eq!(stored, ["good 1", "good 2"]);
    }
}
