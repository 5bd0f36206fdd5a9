//! The caller's inbox of mentions.

use serde_json::{Value, json};

use super::Program;
use crate::support::on_both;

on_both! {
    async fn a_program_mentions_finds_and_reads_as_a_socket_does(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let (of_alice, of_bob) = (Program::of(&server, "alice"), Program::of(&server, "bob"));
        for content in ["one @alice", "two @alice", "three @room"] {
            of_bob.done("POST", "/rooms/general/messages", &json!({"content": content}), 201).await;
        }
        let heard = alice.heard().await.into_iter().filter(|(event, _)| event == "mention:new");
        let pushed: Vec<Value> = heard.map(|(_, mention)| mention["excerpt"].clone()).collect();
        assert_eq!(pushed, ["one @alice", "two @alice", "three @room"]);

        let page = of_alice.done("GET", "/mentions?limit=2", &Value::Null, 200).await;
        let excerpts = |page: &Value| -> Vec<Value> {
            page["mentions"].as_array().unwrap().iter().map(|mention| mention["excerpt"].clone()).collect()
        };
        assert_eq!(excerpts(&page), ["three @room", "two @alice"]);
        let before = page["before"].as_str().unwrap();
        let rest = of_alice.done("GET", &format!("/mentions?limit=2&before={before}"), &Value::Null, 200).await;
        assert_eq!((excerpts(&rest), &rest["before"]), (vec![json!("one @alice")], &Value::Null));
        assert_eq!(rest["mentions"], json!([alice.ask("mentions:list", json!({})).await["mentions"][2]]));

        of_alice.done("PUT", "/mentions/read", &Value::Null, 204).await;
        assert_eq!(alice.heard_names().await, ["mention:read"]);
        let page = of_alice.done("GET", "/mentions", &Value::Null, 200).await;
        assert!(page["mentions"].as_array().unwrap().iter().all(|mention| mention["isUnread"] == false), "{page}");
        assert_eq!(of_bob.done("GET", "/mentions", &Value::Null, 200).await["mentions"], json!([]));
        for query in ["before=x", "before=", "limit=x"] {
            assert_eq!(of_bob.refusal("GET", &format!("/mentions?{query}"), &Value::Null).await, (400, "bad_input".to_owned()));
        }
    }
}
