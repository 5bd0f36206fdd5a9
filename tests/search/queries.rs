//! Tests each operator of a query, and the text of several languages.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use super::{ON, contents, found, indexed, search, searching};
use crate::support::on_both;

on_both! {
    async fn words_phrases_and_prefixes_find_messages_newest_first(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        for content in [
            "The quick brown fox", "A brown quick fox", "QUICK!", "École élève", "we don't meet", "see example.com/a_b",
            "foxes", "版本 2.0: 你好世界", "カタカナ ﾃｽﾄ", "서울에서 만나요", "Straße", "ёлка",
        ] {
            alice.say("general", content).await;
        }
        for (query, expected) in [
            ("quick", vec!["QUICK!", "A brown quick fox", "The quick brown fox"]),
            ("Fox QUICK", vec!["A brown quick fox", "The quick brown fox"]),
            (r#""quick brown""#, vec!["The quick brown fox"]),
            (r#""quick fox" brown"#, vec!["A brown quick fox"]),
            ("fox", vec!["A brown quick fox", "The quick brown fox"]),
            ("fox*", vec!["foxes", "A brown quick fox", "The quick brown fox"]),
            (r#""brown fo"*"#, vec!["The quick brown fox"]),
            ("ecole", vec!["École élève"]),
            ("ÉLÈVE", vec!["École élève"]),
            ("dont", vec!["we don't meet"]),
            ("don\u{2019}t", vec!["we don't meet"]),
            ("example.com", vec!["see example.com/a_b"]),
            ("com example", vec!["see example.com/a_b"]),
            (r#""com example""#, vec![]),
            ("strasse", vec!["Straße"]),
            ("елка", vec!["ёлка"]),
            ("世界", vec!["版本 2.0: 你好世界"]),
            ("好世", vec!["版本 2.0: 你好世界"]),
            ("世", vec!["版本 2.0: 你好世界"]),
            ("界", vec!["版本 2.0: 你好世界"]),
            ("世好", vec![]),
            (r#""2.0 你好""#, vec!["版本 2.0: 你好世界"]),
            ("テスト", vec!["カタカナ ﾃｽﾄ"]),
            ("서울", vec!["서울에서 만나요"]),
            ("nothing", vec![]),
            ("quick nothing", vec![]),
        ] {
            assert_eq!(found(&server, &mut alice, query).await, expected, "{query}");
        }
    }
}

on_both! {
    async fn a_result_is_the_message_as_history_shows_it_with_its_matches(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, mut bob) = server.meet().await;
        let sent = alice.say("general", "😀 Lunch, lunch").await;
        bob.ask("reaction:add", json!({"messageId": sent["id"], "emoji": "👍"})).await;
        indexed(&server.database).await;
        let page = search(&mut bob, "lunch").await;
        let result = &page["results"][0];
        assert_eq!(result["highlights"], json!([[3, 8], [10, 15]]));
        let history = alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        assert_eq!(result["message"], history["messages"][0]);
        assert_eq!((&page["isComplete"], &page["after"], page.get("indexed")), (&json!(true), &json!(null), None));
    }
}

on_both! {
    async fn operators_select_senders_rooms_kinds_and_days(server: TestServer) {
        let server = searching(server).await;
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let (mut alice, mut bob) = server.meet().await;
        alice.say("general", "lunch by alice").await;
        bob.say("general", "lunch by bob").await;
        bob.say("plans", "lunch plans").await;
        alice.say("plans", "lunch at https://example.org/menu").await;
        for (kind, content) in [("image", "lunch picture"), ("file", "lunch report")] {
            let ack = bob.ask("message:send", json!({"roomId": "plans", "content": content, "type": kind})).await;
            assert_eq!(ack["success"], true, "{ack}");
        }
        server.database.execute(r#"UPDATE "User" SET "name" = 'Bob Öst' WHERE "id" = 'bob'"#).await;
        server.database.seed_messages("plans", "bob", &[("old lunch", "2026-01-31 00:00:00")]).await;
        server.database.execute(&server.database.own(
            "UPDATE own.search_room SET is_filled = false, filled_at = NULL",
        )).await;
        let all_of_bob = ["lunch report", "lunch picture", "lunch plans", "lunch by bob", "old lunch"];
        let server = crate::support::TestServer::start_with(server.stop().await, &ON).await;
        let mut alice = server.connect("alice").await;
        for (query, expected) in [
            ("lunch from:bob", all_of_bob.to_vec()),
            ("from:@bob", all_of_bob.to_vec()),
            (r#"from:"bOB Öst""#, all_of_bob.to_vec()),
            ("lunch from:me", vec!["lunch at https://example.org/menu", "lunch by alice"]),
            ("in:general from:alice from:bob lunch", vec!["lunch by bob", "lunch by alice"]),
            ("in:#plans lunch from:alice", vec!["lunch at https://example.org/menu"]),
            ("has:link", vec!["lunch at https://example.org/menu"]),
            ("has:image lunch", vec!["lunch picture"]),
            ("has:file", vec!["lunch report"]),
            ("has:file has:image", vec![]),
            ("before:2026-02-01", vec!["old lunch"]),
            ("before:2026-01-31", vec![]),
            ("lunch after:2026-01-31 in:general", vec!["lunch by bob", "lunch by alice"]),
            ("lunch after:2026-01-30 before:2026-02-01", vec!["old lunch"]),
        ] {
            assert_eq!(found(&server, &mut alice, query).await, expected, "{query}");
        }
        for (query, code) in [
            ("x from:nobody", "user_not_found"),
            ("x in:nowhere", "room_not_found"),
            ("before:tomorrow", "bad_input"),
            ("has:cheese", "bad_input"),
            ("?!", "bad_input"),
            ("", "bad_input"),
        ] {
            let ack = alice.ask("messages:search", json!({ "query": query })).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!(code)), "{query}: {ack}");
        }
    }
}

on_both! {
    async fn relevance_ranks_the_better_matches_first(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        let long = format!("fox {}", "and many other words ".repeat(20));
        for content in ["fox fox", "quick red fox", "quick fox", long.as_str()] {
            alice.say("general", content).await;
        }
        indexed(&server.database).await;
        let ask = json!({"query": "quick fox", "order": "relevance"});
        assert_eq!(contents(&alice.ask("messages:search", ask).await), ["quick fox", "quick red fox"]);
        let (mut pages, mut after) = (Vec::new(), json!(null));
        loop {
            let ask = json!({"query": "fox", "order": "relevance", "limit": 1, "after": after});
            let mut page = alice.ask("messages:search", ask).await;
            pages.extend(contents(&page));
            after = page["after"].take();
            if page["isComplete"] == true {
                break;
            }
        }
        assert_eq!(pages, ["fox fox", "quick fox", "quick red fox", long.as_str()]);
    }
}
