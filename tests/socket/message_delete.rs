//! `message:delete`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    moment, on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

fn ids(history: &Value) -> Vec<&str> {
    history["messages"].as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect()
}

on_both! {
    async fn everybody_in_the_room_gets_the_deletion_and_the_author_before_the_ack(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;
        let id = alice.say("general", "oops").await["id"].take();
        alice.heard().await;
        bob.heard().await;

        let ack = alice.ask("message:delete", json!({"messageId": id, "roomId": "general"})).await;

        assert_eq!(ack, json!({"success": true}));
        let told = [("message:deleted".to_owned(), json!({"messageId": id, "roomId": "general", "seq": 2}))];
        assert_eq!(alice.heard_before(), told);
        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.heard().await, told);
        assert_eq!(carol.heard().await, []);
        assert_eq!(server.database.select(r#"SELECT "id" FROM "Message""#).await, Vec::<String>::new());
        let page = bob.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        assert_eq!(page["messages"], json!([]));
        bob.ask("room:join", "general".into()).await;
        assert_eq!(bob.hear("room:history").await["messages"], json!([]));
    }
}

on_both! {
    async fn a_deleted_message_takes_its_reactions_with_it(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "oops").await["id"].take();
        for client in [&mut alice, &mut bob] {
            client.ask("reaction:add", json!({"messageId": id, "roomId": "general", "emoji": "👍"})).await;
        }
        let ack = alice.ask("message:delete", json!({"messageId": id, "roomId": "general"})).await;
        assert_eq!(ack, json!({"success": true}));
        let names = ["message:new", "reaction:added", "reaction:added", "message:deleted"];
        assert_eq!(bob.heard_names().await, names);
        assert_eq!(server.database.select(r#"SELECT "id" FROM "Reaction""#).await, Vec::<String>::new());
    }
}

on_both! {
    async fn history_still_fills_a_page_after_more_deletions_than_a_page_holds(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let seeded: Vec<_> = (0..160).map(|n| (format!("m-{n:03}"), moment(n))).collect();
        server.database.seed_messages("general", "alice", &seeded).await;
        let mut alice = server.connect_in("alice", "general").await;

        // From the newest on, past all that the server keeps of the room; a newcomer looks every now and then.
        for left in (0..160).rev() {
            let delete = json!({"messageId": format!("m-{left:03}"), "roomId": "general"});
            assert_eq!(alice.ask("message:delete", delete).await, json!({"success": true}));
            if left % 20 == 5 {
                let mut bob = server.connect_in("bob", "general").await;
                let expected: Vec<_> = (0..left).rev().take(50).map(|n| format!("m-{n:03}")).collect();
                assert_eq!(ids(&bob.hear("room:history").await), expected, "with {left} messages left");
            }
        }
    }
}

on_both! {
    async fn history_of_a_live_room_still_fills_a_page_after_deletions(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut sent = Vec::new();
        for n in 0..260 {
            sent.push(alice.say("general", &n.to_string()).await["id"].as_str().unwrap().to_owned());
        }
        // All that the server remembers of them, and more.
        for id in &sent[80..] {
            assert_eq!(alice.ask("message:delete", json!({"messageId": id})).await["success"], true);
        }
        let mut bob = server.connect_in("bob", "general").await;
        let expected: Vec<_> = sent[30..80].iter().rev().collect();
        let history = bob.hear("room:history").await;
        let shown = ids(&history);
        // A page, and the rest of those of its oldest message's millisecond.
        assert_eq!(shown.iter().take(50).collect::<Vec<_>>(), expected);
    }
}

on_both! {
    async fn a_delete_of_somebody_elses_or_a_missing_message_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let sent = alice.say("general", "mine").await;
        alice.heard().await;
        bob.heard().await;
        let rows = server.database.all_rows().await;

        let refused = json!({"success": false, "error": "Failed to delete", "code": "delete_refused"});
        for id in [&sent["id"], &json!("no such message"), &json!("%"), &json!("general")] {
            let delete = json!({"messageId": id, "roomId": "general"});
            assert_eq!(bob.ask("message:delete", delete.clone()).await, refused);
            assert_eq!(bob.heard().await, []);
            bob.emit("message:delete", delete).await;
            assert_eq!(bob.heard_names().await, ["room:error"]);
        }
        assert_eq!(alice.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}

on_both! {
    async fn a_message_is_deleted_once_however_often_one_asks(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "oops").await["id"].take();
        let delete = json!({"messageId": id, "roomId": "general"});
        let first = alice.begin("message:delete", delete.clone()).await;
        let second = alice.begin("message:delete", delete).await;
        assert_eq!(alice.answer(first).await, json!({"success": true}));
        assert_eq!(alice.answer(second).await["error"], "Failed to delete");
        assert_eq!(bob.heard_names().await, ["message:new", "message:deleted"]);
    }
}

on_both! {
    async fn the_messages_own_room_gets_the_deletion_whatever_room_the_client_names(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.make_room("random", RoomType::Public, &["carol"]).await;
        let mut carol = server.connect_in("carol", "random").await;
        carol.heard().await;
        for room in [json!("random"), json!("nowhere"), json!("user:bob"), json!(null), json!(7), json!("")] {
            let id = alice.say("general", "oops").await["id"].take();
            bob.heard().await;
            let ack = alice.ask("message:delete", json!({"messageId": id, "roomId": room})).await;
            assert_eq!(ack, json!({"success": true}));
            let heard = bob.heard().await;
            assert_eq!((heard.len(), heard[0].0.as_str()), (1, "message:deleted"));
            assert_eq!((&heard[0].1["messageId"], &heard[0].1["roomId"]), (&id, &json!("general")));
        }
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "oops").await["id"].take();
        alice.emit("message:delete", json!({"messageId": id, "roomId": "general"})).await;
        assert_eq!(alice.heard_names().await, ["message:new", "message:deleted"]);
        assert_eq!(bob.heard_names().await, ["message:new", "message:deleted"]);
    }
}

on_both! {
    async fn nothing_is_deleted_in_a_room_that_the_author_may_no_longer_enter(server: TestServer) {
        let mut closed = Closed::start(server).await;
        let delete = json!({"messageId": "m-carol", "roomId": "lobby"});
        closed.refuses("message:delete", delete, None, "forbidden").await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn an_invalid_message_id_deletes_nothing(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "one").await["id"].take();
        alice.say("general", "two").await;
        alice.heard().await;
        bob.heard().await;
        let rows = server.database.all_rows().await;
        let good = json!({"messageId": id, "roomId": "general"});
        let bad = [not_objects(), with_bad(&good, "messageId", &not_ids())];
        refuses_bad_input(&mut alice, "message:delete", &bad.concat()).await;
        assert_eq!(bob.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}
