//! `reaction:remove`.

use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

/// Alice and bob in `general`, and a message of hers to which both have reacted with a thumb.
async fn two_thumbs(server: &TestServer) -> (Client, Client, Value) {
    let (mut alice, mut bob) = server.meet().await;
    let id = alice.say("general", "hello").await["id"].take();
    for client in [&mut alice, &mut bob] {
        client.ask("reaction:add", json!({"messageId": id, "roomId": "general", "emoji": "👍"})).await;
    }
    alice.heard().await;
    bob.heard().await;
    (alice, bob, id)
}

on_both! {
    async fn everybody_in_the_room_gets_the_removal_and_its_author_before_the_ack(server: TestServer) {
        let (mut alice, mut bob, id) = two_thumbs(&server).await;
        let mut carol = server.connect("carol").await;

        let ack = bob.ask("reaction:remove", json!({"messageId": id, "roomId": "general", "emoji": "👍"})).await;

        assert_eq!(ack, json!({"success": true}));
        let told = json!({"messageId": id, "roomId": "general", "userId": "bob", "emoji": "👍", "seq": 4});
        let told = [("reaction:removed".to_owned(), told)];
        assert_eq!(bob.heard_before(), told);
        assert_eq!(bob.heard().await, []);
        assert_eq!(alice.heard().await, told);
        assert_eq!(carol.heard().await, []);
        // Only one's own goes, in history and in pages.
        carol.ask("room:join", "general".into()).await;
        let expected = json!([{"emoji": "👍", "userId": "alice"}]);
        assert_eq!(carol.hear("room:history").await["messages"][0]["reactions"], expected);
        let page = carol.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        assert_eq!(page["messages"][0]["reactions"], expected);
    }
}

on_both! {
    async fn removing_a_missing_reaction_changes_nothing_and_sends_no_event(server: TestServer) {
        let (mut alice, mut bob, id) = two_thumbs(&server).await;
        let mut carol = server.connect_in("carol", "general").await;
        carol.heard().await;
        alice.heard().await;
        bob.heard().await;
        let remove = |emoji: &str| json!({"messageId": id, "roomId": "general", "emoji": emoji});
        // Another emoji, and somebody else's.
        assert_eq!(bob.ask("reaction:remove", remove("🎉")).await, json!({"success": true}));
        assert_eq!(carol.ask("reaction:remove", remove("👍")).await, json!({"success": true}));
        for client in [&mut alice, &mut bob, &mut carol] {
            assert_eq!(client.heard().await, []);
        }
        // One's own, but only once.
        let first = bob.begin("reaction:remove", remove("👍")).await;
        let second = bob.begin("reaction:remove", remove("👍")).await;
        assert_eq!(bob.answer(first).await, json!({"success": true}));
        assert_eq!(bob.answer(second).await, json!({"success": true}));
        assert_eq!(alice.heard_names().await, ["reaction:removed"]);
        assert_eq!(alice.say("general", "next").await["seq"], 5);
    }
}

on_both! {
    async fn a_removed_reaction_may_be_added_again(server: TestServer) {
        let (mut alice, mut bob, id) = two_thumbs(&server).await;
        let thumb = json!({"messageId": id, "roomId": "general", "emoji": "👍"});
        bob.ask("reaction:remove", thumb.clone()).await;
        bob.ask("reaction:add", thumb).await;
        assert_eq!(alice.heard_names().await, ["reaction:removed", "reaction:added"]);
    }
}

on_both! {
    async fn the_messages_own_room_sees_it_whatever_room_the_client_names(server: TestServer) {
        let (mut alice, mut bob, id) = two_thumbs(&server).await;
        let ack = bob.ask("reaction:remove", json!({"messageId": id, "roomId": "nowhere", "emoji": "👍"})).await;
        assert_eq!(ack, json!({"success": true}));
        let heard = alice.heard().await;
        assert_eq!((heard[0].0.as_str(), &heard[0].1["roomId"]), ("reaction:removed", &json!("general")));
    }
}

on_both! {
    async fn removing_a_reaction_from_a_missing_message_is_refused(server: TestServer) {
        let (mut alice, mut bob, _) = two_thumbs(&server).await;
        let remove = json!({"messageId": "no such message", "roomId": "general", "emoji": "👍"});
        let ack = bob.ask("reaction:remove", remove.clone()).await;
        assert_eq!(ack, json!({"success": false, "error": "Message not found", "code": "message_not_found"}));
        assert_eq!(bob.heard().await, []);
        bob.emit("reaction:remove", remove).await;
        assert_eq!(bob.heard_names().await, ["room:error"]);
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob, id) = two_thumbs(&server).await;
        bob.emit("reaction:remove", json!({"messageId": id, "roomId": "general", "emoji": "👍"})).await;
        assert_eq!(bob.heard_names().await, ["reaction:removed"]);
        assert_eq!(alice.heard_names().await, ["reaction:removed"]);
    }
}

on_both! {
    async fn a_reaction_stays_in_a_room_that_its_author_may_no_longer_enter(server: TestServer) {
        let mut closed = Closed::start(server).await;
        for id in ["m-alice", "m-bob", "m-carol"] {
            let remove = json!({"messageId": id, "roomId": "lobby", "emoji": "👍"});
            closed.refuses("reaction:remove", remove, None, "forbidden").await;
        }
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn an_invalid_reaction_is_refused(server: TestServer) {
        let (mut alice, mut bob, id) = two_thumbs(&server).await;
        let rows = server.database.all_rows().await;
        let good = json!({"messageId": id, "roomId": "general", "emoji": "👍"});
        let (nul, long) = (json!("a\u{0}").to_string(), json!("😀".repeat(16) + "!").to_string());
        let emoji = ["", "null", "7", "[]", r#"{"not":""}"#, r#""""#, &nul, &long].map(str::to_owned);
        let bad = [not_objects(), with_bad(&good, "messageId", &not_ids()), with_bad(&good, "emoji", &emoji)];
        refuses_bad_input(&mut bob, "reaction:remove", &bad.concat()).await;
        assert_eq!(alice.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}
