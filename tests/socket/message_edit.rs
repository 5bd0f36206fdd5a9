//! `message:edit`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    Client, moment, on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

async fn page(client: &mut Client) -> Value {
    client.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await["messages"].take()
}

on_both! {
    async fn everybody_in_the_room_gets_the_edit_and_the_author_before_the_ack(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;
        let ask =
            json!({"roomId": "general", "content": "old", "type": "image", "metadata": {"w": 1}, "replyTo": "x"});
        let sent = alice.ask("message:send", ask).await["message"].take();
        bob.ask("reaction:add", json!({"messageId": sent["id"], "emoji": "👍"})).await;
        alice.heard().await;
        bob.heard().await;

        let ack = alice.ask("message:edit", json!({"messageId": sent["id"], "content": "new"})).await;

        let message = &ack["message"];
        let mut expected = sent.clone();
        expected["content"] = "new".into();
        expected["updatedAt"] = message["updatedAt"].clone();
        expected["sender"] = json!({"name": "alice"});
        expected["reactions"] = json!([{"emoji": "👍", "userId": "bob"}]);
        expected["seq"] = json!(3);
        assert_eq!(ack, json!({"success": true, "message": expected}));
        assert!(message["updatedAt"].as_str() >= sent["createdAt"].as_str(), "{message}");
        let told = [("message:updated".to_owned(), message.clone())];
        assert_eq!(alice.heard_before(), told);
        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.heard().await, told);
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn history_and_pages_show_an_edit_at_once(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let sent = alice.say("general", "one").await;
        bob.say("general", "two").await;
        for content in ["edited", "edited again"] {
            let edit = json!({"messageId": sent["id"], "content": content});
            let mut message = alice.ask("message:edit", edit).await["message"].take();
            message.as_object_mut().unwrap().shift_remove("seq");

            assert_eq!(page(&mut bob).await[1], message);
            let mut carol = server.connect_in("carol", "general").await;
            assert_eq!(carol.hear("room:history").await["messages"][1], message);
        }
    }
}

on_both! {
    async fn a_message_too_old_for_history_can_be_edited_too(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let seeded: Vec<_> = (0..250).map(|n| (format!("m-{n:03}"), moment(n))).collect();
        server.database.seed_messages("general", "alice", &seeded).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;

        let ack = alice.ask("message:edit", json!({"messageId": "m-000", "content": "new"})).await;

        assert_eq!(ack["message"]["createdAt"], "2026-01-31T09:00:00.042Z");
        assert_eq!(bob.hear("message:updated").await, ack["message"]);
        let ask = json!({"roomId": "general", "before": "2026-01-31T09:00:01.042Z"});
        assert_eq!(bob.ask("messages:load", ask).await["messages"][0]["content"], "new");
    }
}

on_both! {
    async fn somebody_elses_message_is_not_found_nor_is_one_that_is_not_there(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let sent = alice.say("general", "mine").await;
        alice.heard().await;
        bob.heard().await;
        let rows = server.database.all_rows().await;

        let refused = json!({"success": false, "error": "Message not found", "code": "message_not_found"});
        for id in [&sent["id"], &json!("no such message"), &json!("%"), &json!("general")] {
            let edit = json!({"messageId": id, "content": "yours", "senderId": "alice"});
            assert_eq!(bob.ask("message:edit", edit.clone()).await, refused);
            assert_eq!(bob.heard().await, []);
            bob.emit("message:edit", edit).await;
            assert_eq!(bob.heard_names().await, ["room:error"]);
        }
        assert_eq!(alice.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}

on_both! {
    async fn a_deleted_message_is_not_found(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "soon gone").await["id"].take();
        // Both at once: the edit must not bring it back.
        alice.emit("message:delete", json!({"messageId": id, "roomId": "general"})).await;
        let ack = alice.ask("message:edit", json!({"messageId": id, "content": "back"})).await;
        assert_eq!(ack["error"], "Message not found", "{ack}");
        assert_eq!(bob.heard_names().await, ["message:new", "message:deleted"]);
    }
}

on_both! {
    async fn an_author_outside_the_room_may_edit_there_but_gets_no_event(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let sent = alice.say("general", "old").await;
        alice.ask("room:leave", "general".into()).await;
        alice.heard().await;
        bob.heard().await;

        let ack = alice.ask("message:edit", json!({"messageId": sent["id"], "content": "new"})).await;

        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.heard().await, [("message:updated".to_owned(), ack["message"].clone())]);
    }
}

on_both! {
    async fn half_a_surrogate_pair_becomes_the_replacement_character(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "old").await["id"].take();
        let edit = format!(r#"{{"messageId":{id},"content":"a\ud83dz"}}"#);
        assert_eq!(alice.ask_text("message:edit", &edit).await["message"]["content"], "a\u{fffd}z");
        assert_eq!(bob.hear("message:updated").await["content"], "a\u{fffd}z");
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "old").await["id"].take();
        alice.emit("message:edit", json!({"messageId": id, "content": "new"})).await;
        assert_eq!(alice.heard_names().await, ["message:new", "message:updated"]);
        assert_eq!(bob.heard_names().await, ["message:new", "message:updated"]);
    }
}

on_both! {
    async fn nothing_is_edited_in_a_room_that_the_author_may_no_longer_enter(server: TestServer) {
        let mut closed = Closed::start(server).await;
        let edit = json!({"messageId": "m-carol", "content": "not mine any more"});
        closed.refuses("message:edit", edit, None, "forbidden").await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn an_invalid_edit_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "old").await["id"].take();
        alice.heard().await;
        bob.heard().await;
        let rows = server.database.all_rows().await;
        let good = json!({"messageId": id, "content": "new"});
        let nul = json!("a\u{0}b").to_string();
        let content = ["", "null", "7", "true", r#"["x"]"#, r#"{"set":"x"}"#, &nul].map(str::to_owned);
        let bad = [not_objects(), with_bad(&good, "messageId", &not_ids()), with_bad(&good, "content", &content)];
        refuses_bad_input(&mut alice, "message:edit", &bad.concat()).await;
        assert_eq!(bob.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}
