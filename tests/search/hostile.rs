//! Queries that mean harm.

use serde_json::json;

use super::{found, indexed, searching};
use crate::{http::api::Program, support::on_both};

on_both! {
    async fn no_text_is_an_operator_of_a_database(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        alice.say("general", "It's a 'test'; NOT \"near\" (or) * : & | ! <-> {x}").await;
        for query in [
            "test' | 'x", "'test':*", "test & !x", "test <-> or", "x | test", "!test", "test:*", "words : test", "tags : r",
            "NEAR(test near, 1)", "test OR nothing", "test NOT x", "^test", "{words}: test", "- test", "test\\", "\\' test",
            "test -- x", "test; DROP TABLE x", "r:1", "u:0", "h:link", "test\u{1}x", "(((((((((((", "%", "_", "a'b\"c",
        ] {
            let ack = alice.ask("messages:search", json!({ "query": query })).await;
            let code = ack["code"].as_str().unwrap_or("ok");
            assert!(["ok", "bad_input"].contains(&code), "{query}: {ack}");
        }
        // Each is a word like any other.
        assert_eq!(found(&server, &mut alice, "test & near").await.len(), 1);
        assert_eq!(found(&server, &mut alice, "test | nothing").await.len(), 0);
        assert_eq!(found(&server, &mut alice, "test OR near").await.len(), 1);
        assert_eq!(found(&server, &mut alice, "test AND near").await.len(), 0);
        assert_eq!(found(&server, &mut alice, "r:1").await.len(), 0);
    }
}

on_both! {
    async fn huge_queries_are_refused(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        let many = (0..1_000).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ");
        let short = (0..300).map(|number| format!("{number}")).collect::<Vec<_>>().join(" ");
        for query in [
            "x".repeat(100_000), many, short, "a\0b".to_owned(), "\"".repeat(2_000), "字".repeat(340), "ab* ".repeat(200),
            "from:x ".repeat(100),
        ] {
            let ack = alice.ask("messages:search", json!({ "query": query })).await;
            assert!(ack["success"] == true || ack["code"] == "bad_input", "{ack}");
        }
        let program = Program::of(&server, "alice");
        for path in ["/search", "/search?query=", "/search?query=x&order=best", "/search?query=x&limit=-1", "/search?query=x&after=x", "/search?query=%00x"] {
            assert_eq!(program.refusal("GET", path, &json!(null)).await, (400, "bad_input".to_owned()), "{path}");
        }
        let path = format!("/search?query={}", "x".repeat(8_000));
        assert_eq!(program.refusal("GET", &path, &json!(null)).await.0, 400);
    }
}

on_both! {
    async fn odd_contents_are_indexed_and_hurt_nothing(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        let deep = "字".repeat(20_000);
        let words = (0..20_000).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ");
        let marks = format!("e{}", "\u{301}".repeat(50_000));
        let picture = format!("data:image/png;base64,{}", "A/+9".repeat(100_000));
        for content in [deep.as_str(), &words, &marks, &picture, "", "' \\ \" : * {} () \u{1}\u{202e}\u{feff}", &"😀".repeat(1_000)] {
            alice.say("general", content).await;
        }
        alice.say("general", "the end").await;
        assert_eq!(found(&server, &mut alice, "end").await, ["the end"]);
        assert_eq!(found(&server, &mut alice, "w17").await.len(), 1);
        assert_eq!(found(&server, &mut alice, "w19999").await.len(), 0, "beyond the beginning that is searched");
        assert_eq!(found(&server, &mut alice, "字字").await.len(), 1);
        assert_eq!(found(&server, &mut alice, "has:image").await.len(), 1);
    }
}

on_both! {
    async fn a_user_has_few_searches_at_once(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, mut bob) = server.meet().await;
        alice.say("general", "lunch").await;
        indexed(&server.database).await;
        let mut asked = Vec::new();
        for _ in 0..50 {
            asked.push(alice.begin("messages:search", json!({"query": "lunch"})).await);
        }
        assert_eq!(bob.ask("messages:search", json!({"query": "lunch"})).await["success"], true);
        for id in asked {
            let ack = alice.answer(id).await;
            assert!(ack["success"] == true || ack["code"] == "busy", "{ack}");
        }
        assert_eq!(alice.ask("messages:search", json!({"query": "lunch"})).await["success"], true);
    }
}
