//! What Engine.IO refuses, in the words of the original's library.

use serde_json::json;

use crate::support::{Backend, TestDatabase, TestServer, http, on_both};

on_both! {
    async fn bad_requests_are_answered_as_node_does(server: TestServer) {
        for (method, query, code, message) in [
            ("GET", "", 0, "Transport unknown"),
            ("GET", "EIO=4", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
            ("POST", "EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"),
            ("GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA", 1, "Session ID unknown"),
            ("POST", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA", 1, "Session ID unknown"),
            ("POST", "EIO=4&transport=polling", 2, "Bad handshake method"),
            ("GET", "EIO=4&transport=websocket", 3, "Bad request"),
            ("GET", "EIO=3&transport=polling", 5, "Unsupported protocol version"),
            ("GET", "transport=polling", 5, "Unsupported protocol version"),
        ] {
            let path = format!("/socket.io/?{query}");
            let answer = http::request(server.address(), method, &path, &[], "").await;
            assert_eq!(answer.status, 400, "{method} {query}: {}", answer.body);
            assert_eq!(answer.json(), json!({"code": code, "message": message}), "{method} {query}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
        }
    }
}

/// A session over polling: the path of its requests.
async fn polling(server: &TestServer) -> String {
    let opened = http::get(server.address(), "/socket.io/?EIO=4&transport=polling").await;
    let open: serde_json::Value = serde_json::from_str(opened.body.strip_prefix('0').unwrap()).unwrap();
    format!("/socket.io/?EIO=4&transport=polling&sid={}", open["sid"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_limit_in_one_post_is_too_large_and_the_limit_is_not() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--max-payload", "20000"]).await;
    let (mut alice, mut bob) = server.meet().await;
    for (length, status) in [(20_000, 200), (20_001, 413)] {
        let path = polling(&server).await;
        let sign_in = format!("40{}", json!({"token": server.token("carol")}));
        assert_eq!(http::request(server.address(), "POST", &path, &[], &sign_in).await.status, 200);
        let packet = |content: &str| format!(r#"42["message:send",{{"roomId":"general","content":"{content}"}}]"#);
        let content = "x".repeat(length - packet("").len());
        let answer = http::request(server.address(), "POST", &path, &[], &packet(&content)).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    // Nobody else is harmed, and what was too large is nowhere.
    alice.say("general", "still here").await;
    assert_eq!(bob.hear("message:new").await["senderId"], "carol");
    assert_eq!(bob.hear("message:new").await["content"], "still here");
    assert_eq!(bob.heard().await, []);
}
