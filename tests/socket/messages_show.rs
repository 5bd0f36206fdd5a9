//! `messages:show`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    Client, on_both,
    refusals::{not_ids, not_objects, refuses_bad_input, with_bad},
};

async fn contents(client: &mut Client, ids: &[&Value]) -> Vec<String> {
    let answer = client.ask("messages:show", json!({ "messageIds": ids })).await;
    let messages = answer["messages"].as_array().unwrap_or_else(|| panic!("{answer}"));
    messages.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn messages_are_shown_as_they_are_now_and_deleted_ones_are_left_out(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let [first, second, third] =
            [alice.say("general", "1").await, alice.say("general", "2").await, alice.say("general", "3").await];
        alice.ask("message:edit", json!({"messageId": first["id"], "content": "1, edited"})).await;
        alice.ask("message:delete", json!({"messageId": second["id"]})).await;
        bob.ask("reaction:add", json!({"messageId": first["id"], "emoji": "x"})).await;
        let nothing = json!("nothing");
        let asked = [&third["id"], &second["id"], &nothing, &first["id"], &third["id"]];
        assert_eq!(contents(&mut bob, &asked).await, ["1, edited", "3"], "oldest first, each once");
        let answer = bob.ask("messages:show", json!({"messageIds": [first["id"]]})).await;
        assert_eq!(answer["messages"][0]["reactions"], json!([{"emoji": "x", "userId": "bob"}]), "{answer}");
        assert_eq!(contents(&mut bob, &[]).await, Vec::<String>::new());
    }
}

on_both! {
    async fn messages_of_rooms_that_the_caller_may_not_enter_are_as_deleted(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.make_room("secret", RoomType::Private, &["bob", "carol"]).await;
        let (public, private) = (bob.say("general", "public").await, bob.say("secret", "private").await);
        let asked = [&public["id"], &private["id"]];
        assert_eq!(contents(&mut alice, &asked).await, ["public"], "a stranger");
        let mut carol = server.connect("carol").await;
        assert_eq!(contents(&mut carol, &asked).await, ["public", "private"], "a member, and a guest");
        assert_eq!(carol.ask("member:leave", json!("secret")).await["success"], true);
        assert_eq!(contents(&mut carol, &asked).await, ["public"], "a former member");
    }
}

on_both! {
    async fn bad_input_to_messages_show_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        let good = json!({"messageIds": ["x"]});
        let many = json!(vec!["x"; 51]).to_string();
        let bad: Vec<String> = not_ids()
            .into_iter()
            .filter(|id| id != "[]")
            .map(|id| if id.is_empty() { id } else { format!("[{id}]") })
            .chain(["null".to_owned(), "7".to_owned(), "{}".to_owned(), many])
            .collect();
        refuses_bad_input(&mut alice, "messages:show", &with_bad(&good, "messageIds", &bad)).await;
        refuses_bad_input(&mut alice, "messages:show", &not_objects()).await;
    }
}

on_both! {
    async fn quotes_have_the_author_and_an_excerpt_and_say_what_is_gone(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.make_room("secret", RoomType::Private, &["bob"]).await;
        let long = alice.say("general", &"é".repeat(201)).await;
        let gone = alice.say("general", "gone").await;
        let private = bob.say("secret", "private").await;
        alice.ask("message:delete", json!({"messageId": gone["id"]})).await;
        let asked = json!({"messageIds": [gone["id"], long["id"], private["id"]], "asQuotes": true});
        let answer = alice.ask("messages:show", asked).await;
        let deleted = |id: &Value| {
            json!({"id": id, "senderId": null, "senderName": null, "excerpt": "", "isDeleted": true})
        };
        let quote = json!({
            "id": long["id"], "senderId": "alice", "senderName": long["senderName"],
            "excerpt": format!("{}…", "é".repeat(200)), "isDeleted": false,
        });
        assert_eq!(answer["quotes"], json!([deleted(&gone["id"]), quote, deleted(&private["id"])]));
        assert_eq!(answer["messages"], json!([]));
    }
}
