//! `reaction:add`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{
    Backend, on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

on_both! {
    async fn everybody_in_the_room_gets_the_reaction_and_its_author_before_the_ack(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;
        let id = alice.say("general", "hello").await["id"].take();
        alice.heard().await;
        bob.heard().await;

        let ack = bob.ask("reaction:add", json!({"messageId": id, "roomId": "general", "emoji": "👍"})).await;

        assert_eq!(ack, json!({"success": true}));
        let told = json!({"messageId": id, "roomId": "general", "userId": "bob", "emoji": "👍", "seq": 2});
        let told = [("reaction:added".to_owned(), told)];
        assert_eq!(bob.heard_before(), told);
        assert_eq!(bob.heard().await, []);
        assert_eq!(alice.heard().await, told);
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn history_and_pages_show_all_reactions_in_the_order_in_which_they_came(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "hello").await["id"].take();
        let ask = |emoji: &str| json!({"messageId": id, "roomId": "general", "emoji": emoji});
        bob.ask("reaction:add", ask("👍")).await;
        alice.ask("reaction:add", ask("👍")).await;
        bob.ask("reaction:add", ask("🎉")).await;

        let expected = json!([
            {"emoji": "👍", "userId": "bob"}, {"emoji": "👍", "userId": "alice"}, {"emoji": "🎉", "userId": "bob"},
        ]);
        let mut carol = server.connect_in("carol", "general").await;
        assert_eq!(carol.hear("room:history").await["messages"][0]["reactions"], expected);
        let page = carol.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        assert_eq!(page["messages"][0]["reactions"], expected);
    }
}

on_both! {
    async fn the_same_reaction_again_changes_nothing_and_sends_no_event(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "hello").await["id"].take();
        let add = json!({"messageId": id, "roomId": "general", "emoji": "👍"});
        // Also when the two come at once, and from another tab.
        let first = bob.begin("reaction:add", add.clone()).await;
        let second = bob.begin("reaction:add", add.clone()).await;
        assert_eq!(bob.answer(first).await, json!({"success": true}));
        assert_eq!(bob.answer(second).await, json!({"success": true}));
        let mut tab = server.connect("bob").await;
        assert_eq!(tab.ask("reaction:add", add).await, json!({"success": true}));

        assert_eq!(alice.heard_names().await, ["message:new", "reaction:added"]);
        assert_eq!(bob.heard_names().await, ["message:new", "reaction:added"]);
        assert_eq!(server.database.select(r#"SELECT "userId" FROM "Reaction""#).await, ["bob"]);
        // Nor is there a hole where it would have been.
        assert_eq!(alice.say("general", "next").await["seq"], 3);
    }
}

on_both! {
    async fn the_messages_own_room_sees_it_whatever_room_the_client_names(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.make_room("random", RoomType::Public, &["carol"]).await;
        let mut carol = server.connect_in("carol", "random").await;
        carol.heard().await;
        let id = alice.say("general", "hello").await["id"].take();
        alice.heard().await;
        let rooms = [json!("random"), json!("nowhere"), json!("user:carol"), json!(null)];
        for (room, emoji) in rooms.into_iter().zip(["1", "2", "3", "4"]) {
            let ack = bob.ask("reaction:add", json!({"messageId": id, "roomId": room, "emoji": emoji})).await;
            assert_eq!(ack, json!({"success": true}));
            let heard = alice.heard().await;
            assert_eq!(heard.len(), 1);
            assert_eq!((&heard[0].1["roomId"], &heard[0].1["emoji"]), (&json!("general"), &json!(emoji)));
        }
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn a_user_who_has_not_joined_may_react_in_a_public_room_but_gets_no_event(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let id = alice.say("general", "hello").await["id"].take();
        let mut carol = server.connect("carol").await;
        let ack = carol.ask("reaction:add", json!({"messageId": id, "roomId": "general", "emoji": "👍"})).await;
        assert_eq!(ack, json!({"success": true}));
        assert_eq!(carol.heard().await, []);
        assert_eq!(alice.hear("reaction:added").await["userId"], "carol");
    }
}

on_both! {
    async fn a_reaction_to_a_missing_message_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "soon gone").await["id"].take();
        alice.ask("message:delete", json!({"messageId": id, "roomId": "general"})).await;
        alice.heard().await;
        bob.heard().await;
        let rows = server.database.all_rows().await;
        for id in [&id, &json!("no such message"), &json!("general")] {
            let add = json!({"messageId": id, "roomId": "general", "emoji": "👍"});
            let ack = bob.ask("reaction:add", add.clone()).await;
            assert_eq!(ack, json!({"success": false, "error": "Message not found", "code": "message_not_found"}));
            assert_eq!(bob.heard().await, []);
            bob.emit("reaction:add", add).await;
            assert_eq!(bob.heard_names().await, ["room:error"]);
        }
        assert_eq!(alice.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}

on_both! {
    async fn an_emoji_is_any_text_of_up_to_64_bytes(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "hello").await["id"].take();
        let longest = "😀".repeat(16);
        let ask = |emoji: &str| format!(r#"{{"messageId":{id},"roomId":"general","emoji":"{emoji}"}}"#);
        let family = "👨‍👩‍👧‍👦";
        for (sent, told) in [(":+1:", ":+1:"), (family, family), (&longest, &longest), (r"\ud83d", "\u{fffd}")] {
            assert_eq!(alice.ask_text("reaction:add", &ask(sent)).await, json!({"success": true}), "{sent}");
            assert_eq!(bob.hear("reaction:added").await["emoji"], told);
        }
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "hello").await["id"].take();
        bob.emit("reaction:add", json!({"messageId": id, "roomId": "general", "emoji": "👍"})).await;
        assert_eq!(bob.heard_names().await, ["message:new", "reaction:added"]);
        assert_eq!(alice.heard_names().await, ["message:new", "reaction:added"]);
    }
}

on_both! {
    async fn no_reaction_is_added_in_a_room_that_the_caller_may_not_enter(server: TestServer) {
        let mut closed = Closed::start(server).await;
        for id in ["m-alice", "m-bob", "m-carol"] {
            let add = json!({"messageId": id, "roomId": "lobby", "emoji": "🎉"});
            closed.refuses("reaction:add", add, None, "forbidden").await;
        }
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn an_invalid_reaction_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let id = alice.say("general", "hello").await["id"].take();
        alice.heard().await;
        bob.heard().await;
        let rows = server.database.all_rows().await;
        let good = json!({"messageId": id, "roomId": "general", "emoji": "👍"});
        let (nul, long) = (json!("a\u{0}").to_string(), json!("😀".repeat(16) + "!").to_string());
        let emoji = ["", "null", "7", "[]", r#"{"not":""}"#, r#""""#, &nul, &long].map(str::to_owned);
        let bad = [not_objects(), with_bad(&good, "messageId", &not_ids()), with_bad(&good, "emoji", &emoji)];
        refuses_bad_input(&mut bob, "reaction:add", &bad.concat()).await;
        assert_eq!(alice.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}

/// The statement that puts `count` reactions of users on a message: of each, or of one, as `user` says.
fn many(backend: Backend, message: &str, user: &str, count: usize) -> String {
    let series = match backend {
        Backend::Postgres => format!("generate_series(1, {count}) AS s (n)"),
        Backend::Sqlite => format!(
            "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)"
        ),
    };
    format!(
        r#"INSERT INTO "User" ("id", "name", "email") SELECT DISTINCT {user}, 'x', {user} || '@many' FROM {series} WHERE true
               ON CONFLICT DO NOTHING;
           INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji")
               SELECT {user} || n, '{message}', {user}, 'e' || n FROM {series}"#
    )
}

on_both! {
    async fn a_message_takes_so_many_reactions_and_shows_those_beyond_that_others_have_stored(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let ids = [alice.say("general", "one").await, alice.say("general", "two").await];
        let [one, two] = ids.each_ref().map(|message| message["id"].as_str().unwrap());
        let backend = server.database.backend;
        // One below each bound.
        server.database.execute(&many(backend, one, "'bob'", 99)).await;
        server.database.execute(&many(backend, two, "'u' || n", 1_999)).await;
        let ask = |id: &str, emoji: &str| json!({"messageId": id, "roomId": "general", "emoji": emoji});
        for (id, others) in [(one, true), (two, false)] {
            // The limit is reached by the first of these concurrent requests.
            let asks = ["a", "b", "a"].map(|emoji| ask(id, emoji));
            let mut answers = Vec::new();
            for ask in asks {
                let asked = bob.begin("reaction:add", ask).await;
                answers.push(asked);
            }
            let mut codes = Vec::new();
            for asked in answers {
                codes.push(bob.answer(asked).await["code"].take());
            }
            assert_eq!(codes, [json!(null), json!("conflict"), json!(null)]);
            let refused = bob.ask("reaction:add", ask(id, "c")).await;
            assert_eq!(refused["code"], "conflict");
            assert!(refused["error"].as_str().unwrap().contains("no more reactions"), "{refused}");
            assert_eq!(alice.ask("reaction:add", ask(id, "c")).await["success"], others);
            // One goes, another one comes.
            assert_eq!(bob.ask("reaction:remove", ask(id, "a")).await["success"], true);
            assert_eq!(bob.ask("reaction:add", ask(id, "d")).await["success"], true);
        }
        server.database.execute(&many(backend, two, "'v' || n", 500)).await;
        let page = alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        assert_eq!(page["messages"][0]["reactions"].as_array().unwrap().len(), 2_500);
    }
}
